using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Proxy.Configuration.Channels;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// Limits connections to the tunnel endpoint: those whose peer has not sent its HTTP/2 preface yet, and those of one peer.
/// </summary>
internal sealed class TunnelGate(TunnelConfig config, TunnelCredentials? credentials)
{
    private const int MostReadyConnections = 64; // of one peer, which keeps far fewer ready
    private const int MostSpareConnections = 32; // for connections that are idle, being renewed, or lost without notice

    private readonly ConcurrentDictionary<TunnelPeer, byte> _peers = new();
    private readonly KeyedLimit<string> _connections = new(
        (config.MaxTunnelsPerPeer / config.MaxStreamsPerConnection) + MostSpareConnections
    );
    private readonly KeyedLimit<string> _ready = new(MostReadyConnections);
    private readonly GreetingLimit _greetings = new(TunnelGreeting.MostPerAddress, TunnelGreeting.MostOfAll);

    /// <summary>The number of open connections of peers.</summary>
    public int Connections => _peers.Count;

    /// <summary>Starts the deadline for the peer's greeting; null if too many have not greeted yet.</summary>
    public TunnelGreeting? Greet(ConnectionContext connection) => TunnelGreeting.TryBegin(_greetings, connection, config.ConnectTimeout);

    /// <summary>Runs before TLS: starts the deadline for the peer's preface.</summary>
    public async Task GreetAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (Greet(connection) is not { } greeting)
        {
            connection.Abort(new ConnectionAbortedException("Too many peers have not greeted yet."));
            return;
        }

        using (greeting)
        {
            connection.Features.Set(greeting);
            await next(connection);
        }
    }

    /// <summary>Runs after TLS: records the peer's identity, and waits for its preface.</summary>
    public async Task TrackAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var certificate = connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
        var identity = certificate is not null && TunnelIdentity.TryRead(certificate, out var read) ? read : null;
        var peer = new TunnelPeer(connection, certificate, identity);
        if (!_connections.TryEnter(peer.Name))
        {
            connection.Abort(new ConnectionAbortedException("The peer has too many connections."));
            return;
        }

        connection.Features.Set(peer);
        _peers.TryAdd(peer, 0);
        try
        {
            if (await connection.Features.Get<TunnelGreeting>()!.IsCompleteAsync(connection.Transport.Input))
            {
                await next(connection);
            }
        }
        finally
        {
            _peers.TryRemove(peer, out _);
            _connections.Leave(peer.Name);
        }
    }

    /// <summary>Counts a connection that is one tunnel, until the place is disposed.</summary>
    public IDisposable TrackOne(TunnelPeer peer)
    {
        _peers.TryAdd(peer, 0);
        return new Place(() => _peers.TryRemove(peer, out _));
    }

    /// <summary>Counts a connection that is ready for one tunnel, until the place is disposed; null if the peer has too many.</summary>
    public IDisposable? TryBeReady(string peer) => _ready.TryEnter(peer) ? new Place(() => _ready.Leave(peer)) : null;

    /// <summary>Cuts connections of peers that would not be trusted now.</summary>
    public void Review()
    {
        foreach (var peer in _peers.Keys)
        {
            if (credentials is not null && credentials.Review(peer.Certificate, server: false) != peer.Identity)
            {
                peer.Cut();
            }
        }
    }

    private sealed class Place(Action leave) : IDisposable
    {
        public void Dispose() => leave();
    }
}
