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
    private long _queued;
    private long _routed;
    private Action? _onDrain;
    private int _isDraining;
    private int _isOver;
    private IDisposable? _place;

    /// <summary>The id, unique in this process.</summary>
    public string Id => connection.ConnectionId;

    /// <summary>When the connection was accepted.</summary>
    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();

    /// <summary>The id of the endpoint that accepted it.</summary>
    public string EndpointId => endpointId;

    /// <summary>
    /// Identifies what the endpoint listens on, by which edits decide whether the connection stays; empty on endpoints of Kestrel.
    /// </summary>
    public string Slot => slot;

    /// <summary>The address of the client.</summary>
    public EndPoint? Client => connection.RemoteEndPoint;

    /// <summary>The address that it was accepted from, if a PROXY protocol header came from there; else null.</summary>
    public EndPoint? Peer { get; private set; }

    /// <summary>The kind of its PROXY protocol header, such as <c>v2</c>, <c>v2 local</c> or <c>v1 unknown</c>; null without one.</summary>
    public string? ProxyHeader { get; private set; }

    /// <summary>The name of the server that its PROXY protocol header tells; null if there is none. May contain any characters.</summary>
    public string? ProxyAuthority { get; private set; }

    /// <summary>The values of its PROXY protocol header, with their types.</summary>
    internal IReadOnlyList<(byte Type, ReadOnlyMemory<byte> Value)> ProxyValues { get; private set; } = [];

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
    public string? ServerName { get; private set; }

    /// <summary>
    /// The application protocols that the client offered by TLS, in its order, with commas between; null if none are known. Any bytes, as characters from 0
    /// to 255.
    /// </summary>
    public string? AlpnProtocols { get; private set; }

    /// <summary>What the TLS handshake with the client agreed on; null if TLS was not terminated, or not yet.</summary>
    public TlsSession? Tls { get; internal set; }

    /// <summary>
    /// What the TLS handshake with the destination agreed on; null if the destination is connected in clear, or not yet, or if its connection is shared by
    /// clients.
    /// </summary>
    public TlsSession? UpstreamTls { get; internal set; }

    /// <summary>
    /// Why the TLS handshake with the client or, later, the last one with a destination failed, as in metrics; null if it did not.
    /// </summary>
    public string? TlsFailure { get; internal set; }

    /// <summary>The same in words, which are printable; null without a failure.</summary>
    public string? TlsError { get; internal set; }

    /// <summary>The key of the limit that refused it; null if none did.</summary>
    public string? Limit { get; internal set; }

    /// <summary>The key of the limit that would have refused it but for its DryRun; null if there is none.</summary>
    public string? DryRunLimit { get; internal set; }

    /// <summary>The place of its local port in the range of ports that the endpoint listens on, from 0.</summary>
    internal int PortOffset { get; set; }

    /// <summary>Its span; null if spans have no listener.</summary>
    internal ConnectionSpan? Span { get; set; }

    /// <summary>Whether it is written to the access log.</summary>
    public bool AccessLog { get; set; } = true;

    /// <summary>Whether its last line is written; guarded by the lock of the access log's queue.</summary>
    internal bool IsLogged { get; set; }

    /// <summary>The time limit it got when its route or address was removed; null while both are configured.</summary>
    public TimeSpan? DrainTimeout { get; set; }

    /// <summary>How long it waited in the queue of a lock, or all its requests together in those of multiplexers.</summary>
    public TimeSpan Queued => TimeSpan.FromTicks(Volatile.Read(ref _queued));

    /// <summary>How long dialing took, all attempts together; zero before a dial.</summary>
    public TimeSpan Connecting { get; private set; }

    /// <summary>Bytes received from the client and sent upstream.</summary>
    public long ClientBytes => Volatile.Read(ref _clientBytes);

    /// <summary>Bytes received from the upstream and sent to the client.</summary>
    public long UpstreamBytes => Volatile.Read(ref _upstreamBytes);

    /// <summary>The time since acceptance.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_accepted);

    /// <summary>The time since an upstream was connected; zero if none was.</summary>
    public TimeSpan Connected => _connected == 0 ? TimeSpan.Zero : time.GetElapsedTime(_connected);

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
    ) => (Peer, ProxyHeader, ProxyAuthority, ProxyValues) = (peer, kind, authority, values ?? []);

    /// <summary>Records what a client's TLS ClientHello says.</summary>
    /// <param name="serverName">The name of the server; null if there is none.</param>
    /// <param name="alpnProtocols">The application protocols.</param>
    internal void SetHello(string? serverName, IReadOnlyList<string> alpnProtocols)
    {
        ServerName = serverName;
        AlpnProtocols = alpnProtocols.Count == 0 ? null : string.Join(',', alpnProtocols);
        Span?.Peeked(this);
    }

    /// <summary>Adds a wait in a queue. Thread-safe.</summary>
    /// <param name="time">The length of the wait.</param>
    public void AddQueued(TimeSpan time) => Interlocked.Add(ref _queued, time.Ticks);

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
            Interlocked.Exchange(ref _isDraining, 1); // a full fence: either this call or OnDrain sees what the other has written
            Volatile.Read(ref _onDrain)?.Invoke();
        }
    }

    /// <summary>
    /// Sets what ends the connection in an orderly way when it has to drain; called at once if it has to already, and possibly twice. Null removes it.
    /// </summary>
    /// <param name="end">Has to be quick, to be thread-safe and must not throw.</param>
    internal void OnDrain(Action? end)
    {
        Interlocked.Exchange(ref _onDrain, end);
        if (Volatile.Read(ref _isDraining) != 0)
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

    /// <summary>Gives back what it holds, because it has ended.</summary>
    internal void GiveBack()
    {
        Interlocked.Exchange(ref _isOver, 1); // a full fence: either this call or Settle sees what the other has written
        Interlocked.Exchange(ref _place, null)?.Dispose();
    }

    /// <summary>Resets the connection because of a limit.</summary>
    /// <param name="limit">The key of the limit.</param>
    /// <param name="outcome">Why it is reset.</param>
    internal void Refuse(string limit, ConnectionOutcome outcome)
    {
        Limit = limit;
        Close(outcome);
    }

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
