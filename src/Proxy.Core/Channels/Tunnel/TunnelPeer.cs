using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Proxy.Channels.Tunnel;

/// <summary>A peer's connection to the tunnel endpoint; a feature of every request on it.</summary>
internal sealed class TunnelPeer(ConnectionContext connection, X509Certificate2? certificate, TunnelIdentity? identity)
{
    private readonly CancellationToken _closed = connection.ConnectionClosed;

    /// <summary>The certificate that the peer presented; null without TLS.</summary>
    public X509Certificate2? Certificate => certificate;

    /// <summary>The identity that the peer has proven; null without TLS, where nothing proves one.</summary>
    public TunnelIdentity? Identity => identity;

    /// <summary>The name by which limits count it: the instance id, or the address without TLS.</summary>
    public string Name { get; } = identity?.Instance ?? (connection.RemoteEndPoint as IPEndPoint)?.Address.ToString() ?? "";

    /// <summary>
    /// Whether the connection is lost. Streams fail before Kestrel reports the loss of their connection, so the socket is checked.
    /// </summary>
    public bool IsLost =>
        _closed.IsCancellationRequested
        || (connection.Features.Get<HandedTunnel>()?.HasPeerEnded ?? IsClosed(connection.Features.Get<IConnectionSocketFeature>()?.Socket));

    /// <summary>Cuts the connection, with all tunnels on it.</summary>
    public void Cut() => connection.Abort(new ConnectionAbortedException("The peer is not trusted any more."));

    private static bool IsClosed(Socket? socket)
    {
        try
        {
            return socket is not null
                && (!socket.Connected || (socket.Poll(TimeSpan.Zero, SelectMode.SelectRead) && socket.Available == 0));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }
}
