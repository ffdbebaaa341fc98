using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Channels;
using Proxy.Connections;
using Proxy.Listeners;
using Proxy.Peeking.Hello;
using Proxy.Tls;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// The port of tunnels, where it takes more than HTTP/2: by the application protocol in a peer's ClientHello a connection is served here, as one tunnel, or by
/// Kestrel.
/// </summary>
internal sealed class TunnelPort(
    TunnelConfig config,
    TunnelCredentials credentials,
    TunnelGate gate,
    TunnelRequests requests,
    TunnelHandover handover,
    MemoryPool<byte> memory
) : IAsyncDisposable
{
    private static readonly ConnectionAbortedException _notServed = new("The peer is not served.");
    private static readonly TimeSpan _refusalTime = TimeSpan.FromSeconds(2);

    private readonly List<LentListener> _listeners = [];

    /// <summary>Starts to accept connections.</summary>
    /// <returns>The bound address; the first of several.</returns>
    /// <exception cref="IOException">The address is in use.</exception>
    public async Task<IPEndPoint> StartAsync(ListenerManager listeners, CancellationToken cancellationToken)
    {
        _ = TunnelValidator.TryParseUrl(config.Url, out _, out var addresses);
        foreach (var address in addresses)
        {
            _listeners.Add(await listeners.LendAsync(new IPEndPoint(address.Address!, address.Port), OnConnectedAsync, cancellationToken));
        }

        return _listeners[0].Address;
    }

    /// <summary>Stops to accept; open connections go on.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _listeners)
        {
            await listener.DisposeAsync();
        }

        _listeners.Clear();
    }

    private async Task OnConnectedAsync(ConnectionContext accepted)
    {
        await using var connection = (TcpConnection)accepted; // a listener leaves that to what it passes connections to
        if (gate.Greet(connection) is not { } greeting)
        {
            connection.Abort(_notServed);
            return;
        }

        using (greeting)
        {
            try
            {
                if (await IsForKestrelAsync(connection))
                {
                    await HandOverAsync(connection, greeting);
                }
                else
                {
                    await ServeAsync(connection, greeting);
                }
            }
            catch (Exception)
            {
                // The peer has gone, was too slow, or is not trusted, which is logged. Whatever else it is: no bytes of a peer keep a connection open.
                connection.Abort(_notServed);
            }
        }
    }

    // Whatever is no ClientHello is Kestrel's to refuse. The time for it is that of the greeting.
    private static async Task<bool> IsForKestrelAsync(TcpConnection connection)
    {
        var reader = new ClientHelloReader();
        var ahead = new ReadAhead(connection.Buffers);
        try
        {
            var stream = connection.OpenStream() ?? throw new IOException("The connection is closed.");
            while (reader.Read(ahead.Bytes) == ClientHelloStatus.MoreBytes)
            {
                if (!await ahead.ReceiveAsync(stream, CancellationToken.None))
                {
                    throw new IOException("The peer has gone, or there is no memory for its ClientHello.");
                }
            }

            return reader.Hello?.AlpnProtocols.Contains(TunnelProtocol.ConnectionProtocol) != true;
        }
        finally
        {
            connection.Unread(ahead);
        }
    }

    private async Task HandOverAsync(TcpConnection connection, TunnelGreeting greeting)
    {
        var handed = new HandedTunnel(connection, memory);
        handed.Features.Set(greeting);
        handed.Start();
        if (handover.TryAdd(handed))
        {
            await handed.Ended;
        }
        else
        {
            await using (handed)
            {
                handed.Abort(_notServed);
            }
        }
    }

    private async Task ServeAsync(TcpConnection connection, TunnelGreeting greeting)
    {
        connection.SetKeepAlive(TunnelProtocol.KeepAlive(config));
        await using var tls = await TunnelTls.AcceptAsync(connection, credentials, CancellationToken.None);
        var certificate = tls.Facts.PeerCertificate;
        if (certificate is null || !TunnelIdentity.TryRead(certificate, out var identity))
        {
            tls.Abort(_notServed);
            return;
        }

        var peer = new TunnelPeer(tls, certificate, identity);
        using var tracked = gate.TrackOne(peer);
        TunnelFrame? request;
        using (var ready = gate.TryBeReady(peer.Name))
        {
            greeting.End(greeted: true);
            if (ready is null || !await WaitForRequestAsync(tls))
            {
                return; // in an orderly way
            }

            using var late = new CancellationTokenSource(config.ConnectTimeout, TimeProvider.System);
            request = await TunnelFrame.ReadAsync(tls.OpenStream()!, late.Token); // a part of a request counts as none
        }

        await ServeAsync(tls, request, identity);
    }

    // False if the peer has ended, there was no request for long, or this instance drains.
    private async Task<bool> WaitForRequestAsync(TlsConnection connection)
    {
        using var late = new CancellationTokenSource(TunnelProtocol.LongestReadyTime, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, requests.Draining);
        try
        {
            return await connection.WaitForInputAsync(either.Token) is null;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task ServeAsync(TlsConnection connection, TunnelFrame? request, TunnelIdentity identity)
    {
        connection.ConnectionId = TunnelConnection.NewId();
        var tunnel = await requests.ServeAsync(connection, request, identity.Instance);
        using var limit = new CancellationTokenSource(_refusalTime, TimeProvider.System);
        await tunnel.FinishAsync(limit.Token);
    }
}
