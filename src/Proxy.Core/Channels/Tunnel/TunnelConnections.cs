using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Channels;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Tls;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// Opens tunnels that have a connection of their own, to the instances that take such. Some connections to an instance are made ready once there have been tunnels
/// to it: their handshake is over when a tunnel needs one. Each tunnel that is opened begins at most two, so that they come from the event loop of its client, and
/// not more than some a second: where tunnels come and go by the hundred, most of them are streams of the HTTP/2 connection, which cost less to open.
/// </summary>
internal sealed class TunnelConnections(TunnelConfig config, TunnelCredentials credentials, IConnectionFactory dialer, TimeProvider time)
    : IDisposable
{
    /// <summary>The most connections to one instance that are ready.</summary>
    public const int MostReady = 8;

    private const int MostReadyOfAll = 256;
    private const int MostPeers = 10_000;
    private const int BegunAtOnce = 2;
    private const double BegunEachSecond = 8;

    private static readonly TimeSpan _sweepInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _rest = TimeSpan.FromSeconds(10); // after a connection that could not be made, for which streams may do
    private static readonly ConnectionAbortedException _notUsed = new("The connection is not needed any more.");
    private static readonly ConnectionAbortedException _notTrusted = new("The peer is not trusted any more.");

    private readonly Lock _gate = new(); // guards the fields below
    private readonly Newest<string, Peer> _peers = new(MostPeers, StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ReadyConnection, byte> _open = new(ReferenceEqualityComparer.Instance);
    private ITimer? _sweeping;
    private int _ready;
    private int _begun;
    private bool _isOver;

    /// <summary>The number of connections that are ready.</summary>
    public int Ready
    {
        get
        {
            lock (_gate)
            {
                return _ready;
            }
        }
    }

    /// <summary>The number of connections that are ready or in use.</summary>
    public int Open => _open.Count;

    /// <summary>Records whether an instance takes such connections, by what it has answered.</summary>
    public void Learn(TunnelEndPoint peer, bool takes)
    {
        List<ReadyConnection> dropped = [];
        lock (_gate)
        {
            var key = Key(peer);
            if (takes && peer.Instance is not null && _peers.Keys.Count < MostPeers && !_peers.TryGet(key, out _))
            {
                _peers.Set(key, new());
            }
            else if (!takes && _peers.TryGet(key, out var known))
            {
                TakeAll(known, dropped);
                _peers.Remove(key);
            }
        }

        Close(dropped);
    }

    /// <summary>
    /// Opens a tunnel on a connection of its own.
    /// </summary>
    /// <param name="peer">The connector at an instance.</param>
    /// <param name="self">The id of this instance.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The tunnel; null if there is no connection for it, so that it has to be a stream.</returns>
    /// <exception cref="TunnelRefusedException">The instance refused it.</exception>
    public async ValueTask<TlsConnection?> OpenAsync(TunnelEndPoint peer, string self, CancellationToken cancellationToken)
    {
        if (peer.Instance is null || !Takes(peer))
        {
            return null;
        }

        var ready = TakeReady(peer);
        Refill(peer);
        try
        {
            ready ??= config.Carriage == TunnelCarriage.Connection ? await TryDialAsync(peer, cancellationToken) : null;
            return ready is null ? null : await AskAsync(ready.Connection, peer, self, cancellationToken);
        }
        catch (Exception exception) when (IsLost(exception))
        {
            Drop(peer); // the others are lost as well, as a rule; a stream tells what is the matter
            return null;
        }
    }

    /// <summary>Closes the connections that are ready, because this instance has another certificate.</summary>
    public void Renew() => DropAll(ends: false);

    /// <summary>Closes the connections that are ready to an instance, which does not answer.</summary>
    public void Drop(TunnelEndPoint peer)
    {
        List<ReadyConnection> dropped = [];
        lock (_gate)
        {
            if (_peers.TryGet(Key(peer), out var known))
            {
                TakeAll(known, dropped);
            }

            StopSweeping();
        }

        Close(dropped);
    }

    /// <summary>Cuts connections to instances that would not be trusted now, with the tunnels on them.</summary>
    public void Review()
    {
        foreach (var open in _open.Keys)
        {
            if (credentials.Review(open.Certificate, server: true)?.Instance != open.Peer.Instance)
            {
                open.Connection.Abort(_notTrusted);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => DropAll(ends: true);

    private static string Key(TunnelEndPoint peer) =>
        string.Create(CultureInfo.InvariantCulture, $"{peer.Address.Host}:{peer.Address.Port}/{peer.Instance}");

    private static bool IsLost(Exception exception) =>
        exception
            is not TunnelRefusedException
                and (
                    IOException
                    or SocketException
                    or AuthenticationException
                    or ConnectionAbortedException
                    or InvalidOperationException // that it is disposed of, too
                );

    private bool Takes(TunnelEndPoint peer)
    {
        lock (_gate)
        {
            return !_isOver && _peers.TryGet(Key(peer), out _);
        }
    }

    private ReadyConnection? TakeReady(TunnelEndPoint peer)
    {
        List<ReadyConnection> dead = [];
        ReadyConnection? found = null;
        lock (_gate)
        {
            if (_peers.TryGet(Key(peer), out var known))
            {
                while (found is null && known.Ready.TryPop(out var next))
                {
                    _ready--;
                    if (next.IsAlive)
                    {
                        found = next;
                    }
                    else
                    {
                        dead.Add(next);
                    }
                }
            }
        }

        Close(dead);
        return found;
    }

    // Begun here, so that the connections belong to the event loop that runs this.
    private void Refill(TunnelEndPoint peer)
    {
        for (var i = 0; i < BegunAtOnce && TryBegin(peer) is var (known, generation); i++)
        {
            _ = MakeReadyAsync(peer, known, generation);
        }
    }

    private (Peer Known, int Generation)? TryBegin(TunnelEndPoint peer)
    {
        lock (_gate)
        {
            if (
                _isOver
                || !_peers.TryGet(Key(peer), out var known)
                || known.Ready.Count + known.Begun >= MostReady
                || _ready + _begun >= MostReadyOfAll
                || known.Rests(time, _rest)
                || !known.TryPay(time)
            )
            {
                return null;
            }

            _begun++;
            known.Begun++;
            return (known, known.Generation);
        }
    }

    private async Task MakeReadyAsync(TunnelEndPoint peer, Peer known, int generation)
    {
        ReadyConnection? made = null;
        try
        {
            using var late = new CancellationTokenSource(config.ConnectTimeout, time);
            made = await DialAsync(peer, late.Token);
        }
        catch (Exception exception) when (IsLost(exception) || exception is OperationCanceledException)
        {
            // It is tried again with the next tunnel; until then they are streams.
        }
        finally
        {
            lock (_gate)
            {
                _begun--;
                known.Begun--;
                known.Made(made is not null, time);
                if (made is not null && generation == known.Generation && !_isOver && _peers.TryGet(Key(peer), out var now) && now == known)
                {
                    known.Ready.Push(made);
                    _ready++;
                    made = null;
                    _sweeping ??= time.CreateTimer(static self => ((TunnelConnections)self!).Sweep(), this, _sweepInterval, _sweepInterval);
                }
            }

            Close(made is null ? [] : [made]);
        }
    }

    // Null if there is none in half of the time, or was none of late, so that a stream has the other half.
    private async Task<ReadyConnection?> TryDialAsync(TunnelEndPoint peer, CancellationToken cancellationToken)
    {
        Peer? known;
        lock (_gate)
        {
            if (!_peers.TryGet(Key(peer), out known) || known.Rests(time, _rest))
            {
                return null;
            }
        }

        using var late = new CancellationTokenSource(config.ConnectTimeout / 2, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        ReadyConnection? made = null;
        try
        {
            made = await DialAsync(peer, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It was late.
        }
        finally
        {
            if (made is not null || !cancellationToken.IsCancellationRequested)
            {
                lock (_gate)
                {
                    known.Made(made is not null, time);
                }
            }
        }

        return made;
    }

    private async Task<ReadyConnection> DialAsync(TunnelEndPoint peer, CancellationToken cancellationToken)
    {
        var connection = (TcpConnection)await ConnectAsync(peer, cancellationToken);
        try
        {
            connection.SetKeepAlive(TunnelProtocol.KeepAlive(config));
            var tls = await TunnelTls.ConnectAsync(connection, credentials, peer.Instance!, cancellationToken);
            var made = new ReadyConnection(tls, peer, time.GetTimestamp());
            _open.TryAdd(made, 0);
            tls.ConnectionClosed.UnsafeRegister(closed => _open.TryRemove((ReadyConnection)closed!, out _), made);
            return made;
        }
        catch
        {
            connection.Abort(_notUsed);
            await connection.DisposeAsync();
            throw;
        }
    }

    private async ValueTask<ConnectionContext> ConnectAsync(TunnelEndPoint peer, CancellationToken cancellationToken)
    {
        var addresses = peer.Address.Ip is { } ip ? [ip] : await Dns.GetHostAddressesAsync(peer.Address.Host!, cancellationToken);
        for (var i = 0; ; i++)
        {
            try
            {
                return await dialer.ConnectAsync(new IPEndPoint(addresses[i], peer.Address.Port), cancellationToken);
            }
            catch (SocketException) when (i + 1 < addresses.Length)
            {
                // The next address of the name may answer.
            }
        }
    }

    // Disposes the connection if the tunnel is not accepted.
    private static async Task<TlsConnection> AskAsync(
        TlsConnection connection,
        TunnelEndPoint peer,
        string self,
        CancellationToken cancellationToken
    )
    {
        var isRefused = false;
        try
        {
            var stream = connection.OpenStream()!;
            await stream.WriteAsync(Request(peer, self).ToBytes(), cancellationToken);
            var answer = await TunnelFrame.ReadAsync(stream, cancellationToken);
            if (!int.TryParse(answer?[TunnelField.Status], NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            {
                throw new IOException("The answer of the instance is malformed.");
            }

            isRefused = status != TunnelProtocol.Accepted;
            if (isRefused)
            {
                throw new TunnelRefusedException(status, answer[TunnelField.Reason]);
            }

            connection.RemoteEndPoint = peer;
            return connection;
        }
        catch
        {
            if (!isRefused)
            {
                connection.Abort(_notUsed); // the other side must not take it for an end
            }

            await connection.DisposeAsync();
            throw;
        }
    }

    private static TunnelFrame Request(TunnelEndPoint peer, string self) =>
        new()
        {
            [TunnelField.Connector] = peer.Connector,
            [TunnelField.Instance] = peer.Instance,
            [TunnelField.Epoch] = peer.Epoch,
            [TunnelField.Port] = peer.Port?.ToString(CultureInfo.InvariantCulture),
            [TunnelField.From] = self,
            [TunnelField.Connection] = peer.ConnectionId,
            [TunnelField.Trace] = peer.Trace is { } trace ? TraceParent.Write(trace) : null,
            [TunnelField.Forwarded] = peer.Client is { } client ? $"for=\"{client}\"" : null,
        };

    // What is not used for long is closed, and what the other side has closed.
    private void Sweep()
    {
        List<ReadyConnection> old = [];
        lock (_gate)
        {
            foreach (var peer in _peers.Values)
            {
                if (peer.Ready.Count > 0)
                {
                    var kept = peer
                        .Ready.Where(ready => ready.IsAlive && time.GetElapsedTime(ready.Since) < TunnelProtocol.ReadyTime)
                        .Reverse()
                        .ToList();
                    old.AddRange(peer.Ready.Except(kept));
                    _ready -= peer.Ready.Count - kept.Count;
                    peer.Ready.Clear();
                    kept.ForEach(peer.Ready.Push);
                }
            }

            StopSweeping();
        }

        Close(old);
    }

    private void DropAll(bool ends)
    {
        List<ReadyConnection> dropped = [];
        lock (_gate)
        {
            _isOver |= ends;
            foreach (var peer in _peers.Values)
            {
                TakeAll(peer, dropped);
            }

            StopSweeping();
        }

        Close(dropped);
    }

    private void StopSweeping()
    {
        if (_ready == 0)
        {
            _sweeping?.Dispose(); // there is nothing to look at
            _sweeping = null;
        }
    }

    private void TakeAll(Peer peer, List<ReadyConnection> taken)
    {
        peer.Generation++; // those that are being made are not wanted, either
        taken.AddRange(peer.Ready);
        _ready -= peer.Ready.Count;
        peer.Ready.Clear();
    }

    private static void Close(List<ReadyConnection> connections)
    {
        foreach (var unused in connections)
        {
            _ = CloseAsync(unused.Connection);
        }
    }

    private static async Task CloseAsync(TlsConnection connection)
    {
        try
        {
            await connection.DisposeAsync();
        }
        catch (Exception)
        {
            connection.Abort(_notUsed);
        }
    }

    /// <summary>An instance that takes such connections; guarded by the lock.</summary>
    private sealed class Peer
    {
        private double _tokens = MostReady;
        private long _counted;
        private long _failed; // the timestamp of the last failure; 0 after a success

        public Stack<ReadyConnection> Ready { get; } = new();

        public int Begun { get; set; }

        /// <summary>Rises when all that is ready is let go of.</summary>
        public int Generation { get; set; }

        /// <summary>Records whether a connection could be made.</summary>
        public void Made(bool succeeded, TimeProvider time) => _failed = succeeded ? 0 : time.GetTimestamp();

        /// <summary>Whether a connection could not be made a short time ago.</summary>
        public bool Rests(TimeProvider time, TimeSpan rest) => _failed != 0 && time.GetElapsedTime(_failed) < rest;

        /// <summary>Counts a connection that is begun; false if there were too many of late.</summary>
        public bool TryPay(TimeProvider time)
        {
            var now = time.GetTimestamp();
            _tokens =
                _counted == 0
                    ? MostReady
                    : Math.Min(MostReady, _tokens + (time.GetElapsedTime(_counted, now).TotalSeconds * BegunEachSecond));
            _counted = now;
            if (_tokens < 1)
            {
                return false;
            }

            _tokens--;
            return true;
        }
    }
}
