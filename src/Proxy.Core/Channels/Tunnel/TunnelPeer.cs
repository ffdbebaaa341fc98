using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Proxy.Channels.Tunnel;

/// <summary>An instance's connection to our tunnel endpoint; a feature of every request on it.</summary>
internal sealed class TunnelPeer(ConnectionContext connection, X509Certificate2? certificate, TunnelIdentity? identity)
{
    private readonly CancellationToken _closed = connection.ConnectionClosed;

    /// <summary>The certificate it showed; null without TLS.</summary>
    public X509Certificate2? Certificate => certificate;

    /// <summary>The instance it has proven to be; null without TLS, where nothing proves a name.</summary>
    public TunnelIdentity? Identity => identity;

    /// <summary>The name by which it is counted: the instance, or the address without TLS.</summary>
    public string Name { get; } = identity?.Instance ?? (connection.RemoteEndPoint as IPEndPoint)?.Address.ToString() ?? "";

    /// <summary>Whether the connection is gone. Its streams hear of it before we do, so the socket is asked.</summary>
    public bool IsLost => _closed.IsCancellationRequested || IsClosed(connection.Features.Get<IConnectionSocketFeature>()?.Socket);

    /// <summary>Cuts the connection, and all tunnels on it.</summary>
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
