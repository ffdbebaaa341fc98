using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Clusters;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.ProxyProtocol;

/// <summary>Sends a destination the header of its client, before all other bytes.</summary>
internal static class ProxyHeaderSender
{
    /// <summary>Sends the header in one write.</summary>
    /// <param name="upstream">The connection, on which nothing was sent.</param>
    /// <param name="settings">The version, and the values that are passed on.</param>
    /// <param name="client">The client's record; null if the connection is the proxy's own or is shared by clients.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    /// <exception cref="IOException">The connection is reset or closed.</exception>
    public static ValueTask SendAsync(
        ConnectionContext upstream,
        TcpClusterConfig settings,
        ConnectionRecord? client,
        CancellationToken cancellationToken
    ) => SendAsync(upstream, settings.SendProxyProtocol, client is null ? null : OriginOf(client, settings.PassTlvs), cancellationToken);

    /// <summary>Sends the header of a connection that is the proxy's own, in one write.</summary>
    /// <param name="upstream">The connection, on which nothing was sent.</param>
    /// <param name="version">The version; none sends nothing.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    /// <exception cref="IOException">The connection is reset or closed.</exception>
    public static ValueTask SendLocalAsync(ConnectionContext upstream, ProxyProtocolVersion version, CancellationToken cancellationToken) =>
        SendAsync(upstream, version, origin: null, cancellationToken);

    private static ValueTask SendAsync(
        ConnectionContext upstream,
        ProxyProtocolVersion version,
        ProxyOrigin? origin,
        CancellationToken cancellationToken
    ) => version == ProxyProtocolVersion.None ? default : SendAsync(upstream, ProxyHeaderWriter.Write(version, origin), cancellationToken);

    private static async ValueTask SendAsync(ConnectionContext upstream, byte[] header, CancellationToken cancellationToken)
    {
        if ((upstream as TcpConnection)?.OpenStream() is { } stream)
        {
            await stream.WriteAsync(header, cancellationToken);
        }
        else
        {
            await upstream.Transport.Output.WriteAsync(header, cancellationToken);
        }
    }

    // Where TLS is passed through, and a client offers several application protocols, none is agreed on yet.
    private static ProxyOrigin OriginOf(ConnectionRecord client, IReadOnlyList<string> passTlvs) =>
        new(
            client.Client,
            client.Local,
            client.ServerName,
            client.Tls is { } tls ? tls.ApplicationProtocol
                : client.AlpnProtocols is { } alpn && !alpn.Contains(',', StringComparison.Ordinal) ? alpn
                : null,
            client.Id
        )
        {
            Tls = client.Tls,
            Passed = client.ProxyValues.Count == 0 || passTlvs.Count == 0 ? [] : Passed(client, TlvTypes.Parse(passTlvs)),
        };

    private static List<ProxyTlv> Passed(ConnectionRecord client, TlvTypes types) =>
        [.. client.ProxyValues.Where(value => types.Contains(value.Type)).Select(static value => new ProxyTlv(value.Type, value.Value))];
}
