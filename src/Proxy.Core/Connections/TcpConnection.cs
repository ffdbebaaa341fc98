using System.Globalization;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Proxy.Diagnostics;

namespace Proxy.Connections;

/// <summary>
/// A connection of one of the proxy's own transports. Its socket is not read before a handler uses <see
/// cref="ConnectionContext.Transport"/> or passes the connection to a relay. <c>Abort</c> sends RST; <c>DisposeAsync</c> closes.
/// </summary>
internal abstract class TcpConnection
    : ConnectionContext,
        IConnectionIdFeature,
        IConnectionItemsFeature,
        IConnectionTransportFeature,
        IConnectionLifetimeFeature,
        IConnectionEndPointFeature,
        ITrackedConnection,
        IDeparture
{
    private static long _lastId;

    private readonly long _id = Interlocked.Increment(ref _lastId);
    private Extras? _extras;
    private volatile bool _isClosed;

    /// <inheritdoc />
    public override string ConnectionId
    {
        get => _extras?.ConnectionId ?? _id.ToString("X8", CultureInfo.InvariantCulture);
        set => Rare.ConnectionId = value;
    }

    /// <inheritdoc />
    public override IFeatureCollection Features => Rare.Features ??= CreateFeatures();

    /// <inheritdoc />
    public override IDictionary<object, object?> Items
    {
        get => Rare.Items ??= new ConnectionItems();
        set => Rare.Items = value;
    }

    /// <inheritdoc />
    public override CancellationToken ConnectionClosed
    {
        get
        {
            var source = LazyInitializer.EnsureInitialized(ref Rare.ClosedSource, static () => new CancellationTokenSource());
            if (_isClosed)
            {
                source.Cancel();
            }

            return source.Token;
        }
        set => throw new NotSupportedException("The token belongs to the connection.");
    }

    ConnectionRecord? ITrackedConnection.Record
    {
        get;
        set
        {
            field = value;
            _extras?.Features?.Set(value);
        }
    }

    /// <summary>Sets TCP keep-alive; without effect on unix sockets.</summary>
    /// <param name="keepAlive">The intervals.</param>
    public abstract void SetKeepAlive(KeepAlive keepAlive);

    /// <summary>Waits until the peer has left, without reading its bytes.</summary>
    /// <param name="ignoreClose">Whether to go on waiting after a FIN, for a reset only.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How the peer left; null if the wait was cancelled.</returns>
    public abstract Task<PeerDeparture?> WaitForDepartureAsync(bool ignoreClose, CancellationToken cancellationToken);

    /// <summary>Waits until there is a byte to read, or the peer has left without having sent any. Nothing is read.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null if there is a byte; otherwise how the peer left.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract Task<PeerDeparture?> WaitForInputAsync(CancellationToken cancellationToken);

    Task<PeerDeparture?> IDeparture.WaitForDepartureAsync(bool ignoreClose, CancellationToken cancellationToken) =>
        WaitForDepartureAsync(ignoreClose, cancellationToken);

    /// <summary>Whether the peer has left in the middle of a message, as far as this is known without reading.</summary>
    /// <param name="missing">The least number of bytes that the message still needs.</param>
    /// <returns>
    /// Reset if it has reset the connection, Closed if it has sent FIN after bytes that are unread and fewer than these; otherwise null.
    /// </returns>
    public abstract PeerDeparture? DepartedWithin(int missing);

    /// <summary>Whether the peer has sent FIN or RST, whatever is unread before it.</summary>
    public abstract bool HasPeerEnded { get; }

    /// <summary>
    /// Runs work where this connection's handlers run, on its event loop or the thread pool, after this call has returned.
    /// </summary>
    /// <param name="work">The work, which must not block.</param>
    public virtual void Post(IThreadPoolWorkItem work) => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);

    /// <summary>
    /// Runs work like <see cref="Post"/>, after all other work that waits there, so that others have their turn in between.
    /// </summary>
    /// <param name="work">The work, which must not block.</param>
    public virtual void PostLater(IThreadPoolWorkItem work) => Post(work);

    /// <summary>Has a relay checked by the timers of this connection's event loop, on its thread.</summary>
    /// <param name="relay">The relay.</param>
    /// <returns>Asks for the checks; null if the connection has no event loop.</returns>
    public virtual IRelayTimer? StartTimer(ITimedRelay relay) => null;

    /// <summary>The buffers of this connection's transport.</summary>
    public abstract BufferPool Buffers { get; }

    /// <summary>What the peer's kernel has acknowledged of the bytes sent so far.</summary>
    public abstract SendQueue SendQueue { get; }

    /// <summary>
    /// Whether the peer has ended within its bytes, as with close_notify: then all of them were read, and what happens to the socket later takes nothing
    /// from them.
    /// </summary>
    public virtual bool HasEndedWithin => false;

    /// <summary>
    /// Gives back bytes that were read from <see cref="OpenStream"/>: the next reader gets them first, be it a stream, the pipes or a relay. Before
    /// that nothing else may have read.
    /// </summary>
    /// <param name="ahead">The bytes. They belong to the connection from now on.</param>
    public void Unread(ReadAhead ahead)
    {
        if (ahead.Count > 0)
        {
            Rare.Ahead = ahead;
        }
        else
        {
            ahead.Dispose();
        }
    }

    /// <summary>Returns what was given back and not read since, which then belongs to the caller; null if there is nothing.</summary>
    public ReadAhead? TakeAhead() => _extras is { } extras ? Interlocked.Exchange(ref extras.Ahead, null) : null;

    /// <summary>The number of bytes that were given back and not read since.</summary>
    public int AheadCount => _extras?.Ahead?.Count ?? 0;

    /// <summary>What has to be sent to an upstream before the client's bytes; null for nothing.</summary>
    public IUpstreamPreamble? Preamble
    {
        get => _extras?.Preamble;
        set => Rare.Preamble = value;
    }

    /// <summary>Reads what was given back.</summary>
    /// <returns>The number of bytes; 0 if there are none.</returns>
    public int ReadAhead(Span<byte> buffer)
    {
        if (_extras is not { Ahead: { } ahead } extras)
        {
            return 0;
        }

        var count = ahead.Read(buffer);
        if (ahead.Count == 0)
        {
            extras.Ahead = null;
        }

        return count;
    }

    /// <summary>
    /// Returns the socket as a stream without pipes, for handlers with buffers of their own: a read allocates nothing, and a write
    /// completes when the kernel has the bytes. Disposing the stream does nothing.
    /// </summary>
    /// <returns>The stream; null if the pipes were used or replaced, since they may hold bytes.</returns>
    public abstract Stream? OpenStream();

    /// <summary>Sends FIN after the bytes sent so far; receiving goes on.</summary>
    public abstract void EndSending();

    /// <summary>Does what <see cref="EndSending"/> does, and never fails.</summary>
    /// <returns>A task that completes once the kernel has taken what has to be sent for it.</returns>
    public virtual Task EndSendingAsync()
    {
        EndSending();
        return Task.CompletedTask;
    }

    /// <summary>Cancels a source when the peer resets the connection. A FIN does not count, and nothing is read.</summary>
    /// <param name="source">The source to cancel.</param>
    /// <returns>An object that ends the watch when disposed; the source is not used afterwards.</returns>
    public abstract IAsyncDisposable CancelOnReset(CancellationTokenSource source);

    /// <summary>Whether <see cref="RelayAsync"/> can take over both sockets.</summary>
    /// <param name="upstream">The other connection.</param>
    /// <returns>False if bytes have to pass through pipes, because another transport or a wrapper is involved.</returns>
    public abstract bool CanRelay(ConnectionContext upstream);

    /// <summary>Takes over both sockets and moves bytes until both sides have ended or a deadline has passed.</summary>
    /// <param name="upstream">The other connection, for which <see cref="CanRelay"/> is true.</param>
    /// <param name="options">The deadlines.</param>
    /// <param name="record">Counts bytes.</param>
    /// <returns>The outcome. Both sockets are then closed or reset accordingly.</returns>
    public abstract ValueTask<ConnectionOutcome> RelayAsync(ConnectionContext upstream, RelayOptions options, ConnectionRecord record);

    /// <inheritdoc />
    public override ValueTask DisposeAsync()
    {
        TakeAhead()?.Dispose();
        return base.DisposeAsync();
    }

    /// <summary>Features of a connection below, which this one has too; null without one.</summary>
    protected virtual IFeatureCollection? Inherited => null;

    /// <summary>Cancels <see cref="ConnectionClosed"/>; further calls do nothing.</summary>
    protected void OnClosed()
    {
        _isClosed = true;
        Interlocked.MemoryBarrier(); // so that a thread which creates the source after this sees the flag
        if (Volatile.Read(ref _extras) is { } extras)
        {
            Volatile.Read(ref extras.ClosedSource)?.Cancel();
        }
    }

    private Extras Rare => Volatile.Read(ref _extras) ?? LazyInitializer.EnsureInitialized(ref _extras, static () => new Extras());

    private FeatureCollection CreateFeatures()
    {
        var features = Inherited is { } inherited ? new FeatureCollection(inherited) : new FeatureCollection(8);
        features.Set<IConnectionIdFeature>(this);
        features.Set<IConnectionItemsFeature>(this);
        features.Set<IConnectionTransportFeature>(this);
        features.Set<IConnectionLifetimeFeature>(this);
        features.Set<IConnectionEndPointFeature>(this);
        features.Set(((ITrackedConnection)this).Record);
        if (this is IConnectionSocketFeature socket)
        {
            features.Set(socket);
        }

        return features;
    }

    /// <summary>What few connections have.</summary>
    private sealed class Extras
    {
        public string? ConnectionId { get; set; }

        public FeatureCollection? Features { get; set; }

        public IDictionary<object, object?>? Items { get; set; }

        public IUpstreamPreamble? Preamble { get; set; }

        public CancellationTokenSource? ClosedSource;

        public ReadAhead? Ahead;
    }
}
