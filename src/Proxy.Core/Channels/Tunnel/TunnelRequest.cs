using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Proxy.Configuration.Channels;

namespace Proxy.Channels.Tunnel;

/// <summary>What a peer requests: a connector at an instance, never a host.</summary>
/// <param name="Connector">The connector.</param>
/// <param name="Instance">The id of the instance that is meant; null for any.</param>
/// <param name="Epoch">The start of that instance that is meant; null for any.</param>
/// <param name="Port">The port; null if the connector has only one.</param>
internal sealed record TunnelRequest(string Connector, string? Instance, string? Epoch, int? Port)
{
    private const int LongestName = 63;

    /// <summary>Stands for a request that is malformed.</summary>
    public static TunnelRequest None { get; } = new("", null, null, null);

    /// <summary>The id that the peer gives itself; with TLS its certificate counts instead.</summary>
    public string? From { get; private init; }

    /// <summary>The id of the connection at the calling side.</summary>
    public string? ConnectionId { get; private init; }

    /// <summary>The trace context of the calling side; the default if it is missing or malformed.</summary>
    public ActivityContext Trace { get; private init; }

    /// <summary>Reads POST /.channels/v1/open/{connector} and CONNECT {instance}.{connector}.channel:{port}.</summary>
    public static bool TryRead(HttpRequest request, [NotNullWhen(true)] out TunnelRequest? read)
    {
        read = null;
        if (!TryReadHeaders(request.Headers, out var instance, out var epoch, out var port, out var from))
        {
            return false;
        }

        if (HttpMethods.IsConnect(request.Method))
        {
            read = OfAuthority(request.Host, instance, epoch, port);
        }
        else if (
            HttpMethods.IsPost(request.Method)
            && request.Path.Value is { } path
            && path.StartsWith(TunnelProtocol.OpenPath, StringComparison.Ordinal)
            && !request.QueryString.HasValue
            && ChannelNames.IsValid(path[TunnelProtocol.OpenPath.Length..])
        )
        {
            read = new(path[TunnelProtocol.OpenPath.Length..], instance, epoch, port);
        }

        read = read is null
            ? null
            : read with
            {
                From = from,
                ConnectionId = Printable(request.Headers[TunnelProtocol.Connection]),
                Trace = TraceParent.Read(request.Headers[TunnelProtocol.Trace]),
            };
        return read is not null;
    }

    /// <summary>Reads the request of a tunnel that has a connection of its own.</summary>
    public static bool TryRead(TunnelFrame frame, [NotNullWhen(true)] out TunnelRequest? read)
    {
        var (connector, instance, epoch, from) = (
            frame[TunnelField.Connector],
            frame[TunnelField.Instance],
            frame[TunnelField.Epoch],
            frame[TunnelField.From]
        );
        int? port = null;
        read = null;
        if (
            connector is null
            || !ChannelNames.IsValid(connector)
            || !IsNameOrNull(instance)
            || !IsNameOrNull(epoch)
            || (epoch is not null && instance is null)
            || (from is not null && !ChannelNames.IsValid(from))
            || (frame[TunnelField.Port] is { } text && !TryReadPort(text, out port))
        )
        {
            return false;
        }

        read = new(connector, instance, epoch, port)
        {
            From = from,
            ConnectionId = Printable(frame[TunnelField.Connection]),
            Trace = TraceParent.Read(frame[TunnelField.Trace]),
        };
        return true;
    }

    private static bool IsNameOrNull(string? text) => text is null || ChannelNames.IsValid(text);

    private static bool TryReadPort(string? text, out int? port)
    {
        port = ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;
        return port is not null;
    }

    private static TunnelRequest? OfAuthority(HostString authority, string? instance, string? epoch, int? port) =>
        authority.Host.EndsWith(TunnelProtocol.AuthoritySuffix, StringComparison.OrdinalIgnoreCase)
        && authority.Host[..^TunnelProtocol.AuthoritySuffix.Length].Split('.') is [var named, var connector]
        && ChannelNames.IsValid(named)
        && ChannelNames.IsValid(connector)
        && (instance is null || instance.Equals(named, StringComparison.OrdinalIgnoreCase))
        && authority.Port is { } asked
        && (port is null || port == asked)
            ? new(connector, instance ?? named, epoch, asked)
            : null;

    private static bool TryReadHeaders(IHeaderDictionary headers, out string? instance, out string? epoch, out int? port, out string? from)
    {
        (instance, epoch, port) = (null, null, null);
        from = headers[TunnelProtocol.From];
        if (from is not null && !ChannelNames.IsValid(from))
        {
            return false;
        }

        if (headers.TryGetValue(TunnelProtocol.Port, out var text) && !TryReadPort(text, out port))
        {
            return false;
        }

        return !headers.TryGetValue(TunnelProtocol.To, out var to) || TryReadTo(to.ToString(), out instance, out epoch);
    }

    // iid="A_11";epoch="…"
    private static bool TryReadTo(string text, out string? instance, out string? epoch)
    {
        (instance, epoch) = (null, null);
        foreach (var part in text.Split(';', StringSplitOptions.TrimEntries))
        {
            if (
                part.Split('=', 2) is not [var key, ['"', .. { Length: > 0 and <= LongestName } value, '"']]
                || !ChannelNames.IsValid(value)
            )
            {
                return false;
            }

            instance = key == "iid" ? value : instance;
            epoch = key == "epoch" ? value : epoch;
        }

        return instance is not null;
    }

    private static string? Printable(string? text) =>
        text is { Length: > 0 and <= LongestName } && text.All(static c => c is > ' ' and <= '~') ? text : null;
}
