using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Diagnostics;

/// <summary>
/// The record of one connection, from its acceptance to its last line in the access log. A feature of its <see cref="ConnectionContext"/>.
/// </summary>
public sealed class ConnectionRecord(ConnectionContext connection, string endpointId, string slot, TimeProvider time)
{
    private const int NoOutcome = -1;
    private readonly long _accepted = time.GetTimestamp();
    private int _outcome = NoOutcome;
    private long _clientBytes;
    private long _upstreamBytes;
    private long _connected;
    private long _routed;
    private int _isOver;
    private IDisposable? _place;
    private IOpenCount? _count;
    private ConnectionDetails? _details;

    /// <summary>The id, unique in this process.</summary>
    public string Id => connection.ConnectionId;

    /// <summary>When the connection was accepted.</summary>
    public DateTimeOffset StartedAt => new(StartedTicks, TimeSpan.Zero);

    /// <summary>The id of the endpoint that accepted it.</summary>
    public string EndpointId => endpointId;

    /// <summary>
    /// Identifies what the endpoint listens on, by which edits decide whether the connection stays; empty on endpoints of Kestrel.
    /// </summary>
    public string Slot => slot;

    /// <summary>The address of the client.</summary>
    public EndPoint? Client => connection.RemoteEndPoint;

    /// <summary>The address that it was accepted from, if a PROXY protocol header came from there; else null.</summary>
    public EndPoint? Peer => _details?.Peer;

    /// <summary>The kind of its PROXY protocol header, such as <c>v2</c>, <c>v2 local</c> or <c>v1 unknown</c>; null without one.</summary>
    public string? ProxyHeader => _details?.ProxyHeader;

    /// <summary>The name of the server that its PROXY protocol header tells; null if there is none. May contain any characters.</summary>
    public string? ProxyAuthority => _details?.ProxyAuthority;

    /// <summary>The values of its PROXY protocol header, with their types.</summary>
    internal IReadOnlyList<(byte Type, ReadOnlyMemory<byte> Value)> ProxyValues => _details?.ProxyValues ?? [];

    /// <summary>The local address on which it was accepted.</summary>
    public EndPoint? Local => connection.LocalEndPoint;

    /// <summary>The id of the route; null until one is chosen.</summary>
    public string? RouteId
    {
        get;
        set
        {
            field = value;
            EndPeeking();
        }
    }

    /// <summary>How long choosing the route, or the connector of a channel, took; the time since acceptance while none is chosen.</summary>
    public TimeSpan Peeking => _routed is var routed and not 0 ? time.GetElapsedTime(_accepted, routed) : Elapsed;

    /// <summary>The id of the cluster; null until it is known.</summary>
    public string? ClusterId
    {
        get;
        set
        {
            field = value;
            EndPeeking(); // connections of channels have no route
        }
    }

    /// <summary>The id of the destination of the last attempt.</summary>
    public string? DestinationId { get; set; }

    /// <summary>The name of the server that the client asked for by TLS; null if none is known.</summary>
    public string? ServerName => _details?.ServerName;

    /// <summary>
    /// The application protocols that the client offered by TLS, in its order, with commas between; null if none are known. Any bytes, as characters from 0
    /// to 255.
    /// </summary>
    public string? AlpnProtocols => _details?.AlpnProtocols;

    /// <summary>What the TLS handshake with the client agreed on; null if TLS was not terminated, or not yet.</summary>
    public TlsSession? Tls
    {
        get => _details?.Tls;
        internal set => Details.Tls = value;
    }

    /// <summary>
    /// What the TLS handshake with the destination agreed on; null if the destination is connected in clear, or not yet, or if its connection is shared by
    /// clients.
    /// </summary>
    public TlsSession? UpstreamTls
    {
        get => _details?.UpstreamTls;
        internal set => Details.UpstreamTls = value;
    }

    /// <summary>
    /// Why the TLS handshake with the client or, later, the last one with a destination failed, as in metrics; null if it did not.
    /// </summary>
    public string? TlsFailure
    {
        get => _details?.TlsFailure;
        internal set => Details.TlsFailure = value;
    }

    /// <summary>The same in words, which are printable; null without a failure.</summary>
    public string? TlsError
    {
        get => _details?.TlsError;
        internal set => Details.TlsError = value;
    }

    /// <summary>The key of the limit that refused it; null if none did.</summary>
    public string? Limit
    {
        get => _details?.Limit;
        internal set => Details.Limit = value;
    }

    /// <summary>The key of the limit that would have refused it but for its DryRun; null if there is none.</summary>
    public string? DryRunLimit
    {
        get => _details?.DryRunLimit;
        internal set => Details.DryRunLimit = value;
    }

    /// <summary>The place of its local port in the range of ports that the endpoint listens on, from 0.</summary>
    internal int PortOffset { get; set; }

    /// <summary>Its span; null if spans have no listener.</summary>
    internal ConnectionSpan? Span
    {
        get => _details?.Span;
        set => Details.Span = value;
    }

    /// <summary>Whether it is written to the access log.</summary>
    public bool AccessLog { get; set; } = true;

    /// <summary>Whether its last line is written; guarded by the lock of the access log's queue.</summary>
    internal bool IsLogged { get; set; }

    /// <summary>The time limit it got when its route or address was removed; null while both are configured.</summary>
    public TimeSpan? DrainTimeout
    {
        get => _details?.DrainTimeout;
        set => Details.DrainTimeout = value;
    }

    /// <summary>Whether its bytes have a connection to the other instance of their own, and are no stream of a shared one.</summary>
    internal bool HasOwnTunnel
    {
        get => _details?.HasOwnTunnel ?? false;
        set => Details.HasOwnTunnel = value;
    }

    /// <summary>How long it waited in the queue of a lock, or all its requests together in those of multiplexers.</summary>
    public TimeSpan Queued => _details is { } details ? TimeSpan.FromTicks(Volatile.Read(ref details.Queued)) : TimeSpan.Zero;

    /// <summary>How long dialing took, all attempts together; zero before a dial.</summary>
    public TimeSpan Connecting { get; private set; }

    /// <summary>Bytes received from the client and sent upstream.</summary>
    public long ClientBytes => Volatile.Read(ref _clientBytes);

    /// <summary>Bytes received from the upstream and sent to the client.</summary>
    public long UpstreamBytes => Volatile.Read(ref _upstreamBytes);

    /// <summary>The time since acceptance; its duration once it has ended.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_accepted, Now);

    /// <summary>The time since an upstream was connected; zero if none was.</summary>
    public TimeSpan Connected => _connected == 0 ? TimeSpan.Zero : time.GetElapsedTime(_connected, Now);

    /// <summary>Whether an upstream was connected for it alone.</summary>
    internal bool WasConnected => _connected != 0;

    /// <summary>Why it has ended; null while it is open.</summary>
    public ConnectionOutcome? Outcome => Volatile.Read(ref _outcome) is var value and not NoOutcome ? (ConnectionOutcome)value : null;

    /// <summary>Counts bytes from the client to the upstream. One caller at a time.</summary>
    /// <param name="count">The number of bytes.</param>
    public void CountClientBytes(int count) => Volatile.Write(ref _clientBytes, _clientBytes + count);

    /// <summary>Counts bytes from the upstream to the client. One caller at a time.</summary>
    /// <param name="count">The number of bytes.</param>
    public void CountUpstreamBytes(int count) => Volatile.Write(ref _upstreamBytes, _upstreamBytes + count);

    /// <summary>Records what a PROXY protocol header says, apart from the addresses.</summary>
    internal void SetProxyHeader(
        EndPoint? peer,
        string kind,
        string? authority,
        IReadOnlyList<(byte Type, ReadOnlyMemory<byte> Value)>? values = null
    )
    {
        var details = Details;
        (details.Peer, details.ProxyHeader, details.ProxyAuthority, details.ProxyValues) = (peer, kind, authority, values);
    }

    /// <summary>Records what a client's TLS ClientHello says.</summary>
    /// <param name="serverName">The name of the server; null if there is none.</param>
    /// <param name="alpnProtocols">The application protocols.</param>
    internal void SetHello(string? serverName, IReadOnlyList<string> alpnProtocols)
    {
        var details = Details;
        details.ServerName = serverName;
        details.AlpnProtocols = alpnProtocols.Count == 0 ? null : string.Join(',', alpnProtocols);
        Span?.Peeked(this);
    }

    /// <summary>Adds a wait in a queue. Thread-safe.</summary>
    /// <param name="time">The length of the wait.</param>
    public void AddQueued(TimeSpan time) => Interlocked.Add(ref Details.Queued, time.Ticks);

    /// <summary>Records the end of dialing.</summary>
    /// <param name="started">The timestamp of its begin.</param>
    /// <param name="succeeded">Whether an upstream is connected now.</param>
    internal void DialEnded(long started, bool succeeded)
    {
        var now = time.GetTimestamp();
        Connecting = time.GetElapsedTime(started, now);
        _connected = succeeded ? now : 0;
    }

    /// <summary>Records the end of dialing.</summary>
    /// <param name="duration">How long dialing took.</param>
    /// <param name="succeeded">Whether an upstream is connected now.</param>
    public void DialEnded(TimeSpan duration, bool succeeded)
    {
        Connecting = duration;
        _connected = succeeded ? time.GetTimestamp() : 0;
    }

    /// <summary>Sets the outcome, unless one is set already.</summary>
    /// <param name="outcome">Why the connection ends.</param>
    /// <returns>Whether this call set it.</returns>
    public bool TryEnd(ConnectionOutcome outcome) => Interlocked.CompareExchange(ref _outcome, (int)outcome, NoOutcome) == NoOutcome;

    /// <summary>Resets the connection, with an outcome.</summary>
    /// <param name="outcome">Why it is reset.</param>
    public void Close(ConnectionOutcome outcome)
    {
        if (TryEnd(outcome))
        {
            connection.Abort(new ConnectionAbortedException($"The connection was closed: {outcome}."));
        }
    }

    /// <summary>Sets the time limit, and tells the handler of the connection that it should end.</summary>
    /// <param name="timeout">The time from now after which it is reset; infinite lets it be.</param>
    internal void BeginDrain(TimeSpan timeout)
    {
        DrainTimeout = timeout;
        if (timeout != Timeout.InfiniteTimeSpan)
        {
            var details = Details;
            Interlocked.Exchange(ref details.IsDraining, 1); // a full fence: either this call or OnDrain sees what the other has written
            Volatile.Read(ref details.OnDrain)?.Invoke();
        }
    }

    /// <summary>
    /// Sets what ends the connection in an orderly way when it has to drain; called at once if it has to already, and possibly twice. Null removes it.
    /// </summary>
    /// <param name="end">Has to be quick, to be thread-safe and must not throw.</param>
    internal void OnDrain(Action? end)
    {
        var details = Details;
        Interlocked.Exchange(ref details.OnDrain, end);
        if (Volatile.Read(ref details.IsDraining) != 0)
        {
            end?.Invoke();
        }
    }

    /// <summary>Holds a place that is taken under a limit, and gives back the one held before. Thread-safe.</summary>
    /// <param name="place">The place, which is disposed when the connection has ended; null for none.</param>
    internal void Hold(IDisposable? place)
    {
        Swap(place)?.Dispose();
        Settle();
    }

    /// <summary>Holds a place, for callers that must not dispose the one before at once. <see cref="Settle"/> has to follow. Thread-safe.</summary>
    /// <returns>The place held before.</returns>
    internal IDisposable? Swap(IDisposable? place) => Interlocked.Exchange(ref _place, place);

    /// <summary>Gives the place back if the connection has ended meanwhile.</summary>
    internal void Settle()
    {
        if (Volatile.Read(ref _isOver) != 0)
        {
            GiveBack();
        }
    }

    /// <summary>Notes what has counted it as open, and is told when it has ended. Called once, by what handles the connection.</summary>
    internal void CountedBy(IOpenCount count) => _count = count;

    /// <summary>Gives back what it holds, because it has ended.</summary>
    internal void GiveBack()
    {
        Interlocked.Exchange(ref _isOver, 1); // a full fence: either this call or Settle sees what the other has written
        Interlocked.Exchange(ref _count, null)?.Left();
        Interlocked.Exchange(ref _place, null)?.Dispose();
    }

    /// <summary>Fixes its duration, so that all that is told of its end is the same.</summary>
    internal void Stop() => Ended = time.GetTimestamp();

    /// <summary>Resets the connection because of a limit.</summary>
    /// <param name="limit">The key of the limit.</param>
    /// <param name="outcome">Why it is reset.</param>
    internal void Refuse(string limit, ConnectionOutcome outcome)
    {
        Limit = limit;
        Close(outcome);
    }

    /// <summary>The connection.</summary>
    internal ConnectionContext Connection => connection;

    private long StartedTicks { get; } = time.GetUtcNow().UtcTicks;

    private long Ended { get; set; } // a timestamp; 0 until the end

    private long Now => Ended is var ended and not 0 ? ended : time.GetTimestamp();

    private ConnectionDetails Details =>
        Volatile.Read(ref _details) ?? LazyInitializer.EnsureInitialized(ref _details, static () => new ConnectionDetails());

    private void EndPeeking() => _routed = _routed == 0 ? time.GetTimestamp() : _routed;

    /// <summary>Attaches this record to its connection.</summary>
    internal void Attach()
    {
        if (connection is ITrackedConnection tracked)
        {
            tracked.Record = this;
        }
        else
        {
            connection.Features.Set(this);
        }
    }

    /// <summary>The record of a connection, which <see cref="TrackingMiddleware"/> attached.</summary>
    /// <param name="connection">The connection of the client.</param>
    /// <returns>The record.</returns>
    public static ConnectionRecord Of(ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var record = connection is ITrackedConnection tracked ? tracked.Record : connection.Features.Get<ConnectionRecord>();
        return record ?? throw new InvalidOperationException("The connection is not tracked: TrackingMiddleware has to run first.");
    }
}
