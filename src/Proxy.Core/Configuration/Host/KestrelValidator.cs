using System.Net;
using Microsoft.AspNetCore.Http;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>Checks what Kestrel would fail at when the program starts: the URLs of its endpoints, and limits that contradict each other.</summary>
internal static class KestrelValidator
{
    private const string Example = "write http:// or https:// with an address, like http://127.0.0.1:8080";

    private const string Limits = "Kestrel:Limits";
    private static readonly TimeSpan _shortest = TimeSpan.FromSeconds(1);

    public static void Check(ConfigNode root, KestrelConfig? kestrel, ProblemList problems)
    {
        if (kestrel is not null)
        {
            CheckLimits(kestrel.Limits, problems);
        }

        foreach (var endpoint in root.FindPath("Kestrel:Endpoints")?.Children ?? [])
        {
            var path = $"{endpoint.Path}:Url";
            if (endpoint.Find("Url")?.Value is not { Length: > 0 } url)
            {
                problems.Consequence(path, $"is required and missing; {Example}.");
            }
            else if (!IsUrl(url))
            {
                problems.Consequence(path, $"'{ScalarReader.Shorten(url)}' is no URL to listen at; {Example}.");
            }
        }
    }

    private static void CheckLimits(KestrelLimitsConfig limits, ProblemList problems)
    {
        CheckBuffer(nameof(limits.MaxRequestLineSize), limits.MaxRequestLineSize, limits, problems);
        CheckBuffer(nameof(limits.MaxRequestHeadersTotalSize), limits.MaxRequestHeadersTotalSize, limits, problems);
        CheckGrace(nameof(limits.MinRequestBodyDataRate), limits.MinRequestBodyDataRate, problems);
        CheckGrace(nameof(limits.MinResponseDataRate), limits.MinResponseDataRate, problems);
        CheckPing(nameof(limits.Http2.KeepAlivePingDelay), limits.Http2.KeepAlivePingDelay, problems);
        CheckPing(nameof(limits.Http2.KeepAlivePingTimeout), limits.Http2.KeepAlivePingTimeout, problems);
    }

    private static void CheckBuffer(string key, int size, KestrelLimitsConfig limits, ProblemList problems)
    {
        if (limits.MaxRequestBufferSize >= 0 && size > limits.MaxRequestBufferSize)
        {
            problems.Consequence(
                $"{Limits}:{key}",
                $"{size} bytes do not fit into MaxRequestBufferSize, {limits.MaxRequestBufferSize}; lower the one or raise the other.",
                $"{Limits}:{nameof(limits.MaxRequestBufferSize)}"
            );
        }
    }

    private static void CheckGrace(string key, KestrelDataRateConfig rate, ProblemList problems)
    {
        if (rate.GracePeriod <= _shortest)
        {
            problems.Consequence($"{Limits}:{key}:GracePeriod", $"'{rate.GracePeriod:c}' is too short; write more than '{_shortest:c}'.");
        }
    }

    private static void CheckPing(string key, TimeSpan duration, ProblemList problems)
    {
        if (duration >= TimeSpan.Zero && duration < _shortest)
        {
            problems.Consequence($"{Limits}:Http2:{key}", $"'{duration:c}' is too short; write at least '{_shortest:c}', or 'None'.");
        }
    }

    private static bool IsUrl(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            // Kestrel would take a malformed port for a part of the host name, and any name means every address.
            var host = address.IsUnixPipe || address.Host.StartsWith('[') || !address.Host.Contains(':', StringComparison.Ordinal);
            return host
                && address.Scheme.ToUpperInvariant() is "HTTP" or "HTTPS"
                && address.PathBase.Length == 0
                && address.Port is >= IPEndPoint.MinPort and <= IPEndPoint.MaxPort;
        }
        catch (Exception exception) when (exception is FormatException or InvalidOperationException)
        {
            return false;
        }
    }
}
