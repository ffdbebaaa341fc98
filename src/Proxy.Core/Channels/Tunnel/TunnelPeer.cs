using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Channels.Tunnel;

/// <summary>An instance's connection to our tunnel endpoint; a feature of every request on it.</summary>
internal sealed class TunnelPeer(ConnectionContext connection, X509Certificate2? certificate, TunnelIdentity? identity)
{
    /// <summary>What it showed; null without TLS.</summary>
    public X509Certificate2? Certificate => certificate;

    /// <summary>Who it is; null without TLS, where anybody may say anything.</summary>
    public TunnelIdentity? Identity => identity;

    /// <summary>Fires when the connection is gone.</summary>
    public CancellationToken Lost { get; } = connection.ConnectionClosed;

    /// <summary>Cuts the connection, and all tunnels on it.</summary>
    public void Cut() => connection.Abort(new ConnectionAbortedException("The peer is not trusted any more."));
}
