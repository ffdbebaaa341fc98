using System.Net;
using Microsoft.AspNetCore.Http;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>
/// Checks the URLs of Kestrel's endpoints, since Kestrel would fail at start because of them. Kestrel itself checks the rest of the
/// section.
/// </summary>
internal static class KestrelValidator
{
    private const string Example = "write http:// or https:// with an address, like http://127.0.0.1:8080";

    public static void Check(ConfigNode root, ProblemList problems)
    {
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
