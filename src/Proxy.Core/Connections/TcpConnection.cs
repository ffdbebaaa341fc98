using System.Globalization;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Proxy.Diagnostics;

namespace Proxy.Connections;

/// <summary>
/// A connection of one of our transports. Nothing reads its socket before a handler touches <see cref="ConnectionContext.Transport"/>
/// or hands the connection to a relay. <c>Abort</c> sends RST; <c>DisposeAsync</c> closes.
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
    private string? _connectionId;
    private FeatureCollection? _features;
    private IDictionary<object, object?>? _items;
    private CancellationTokenSource? _closedSource;
    private volatile bool _isClosed;

    /// <inheritdoc />
    public override string ConnectionId
    {
        get => _connectionId ??= _id.ToString("X8", CultureInfo.InvariantCulture);
        set => _connectionId = value;
    }

    /// <inheritdoc />
    public override IFeatureCollection Features => _features ??= CreateFeatures();

    /// <inheritdoc />
    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    /// <inheritdoc />
    public override CancellationToken ConnectionClosed
    {
        get
        {
            var source = LazyInitializer.EnsureInitialized(ref _closedSource, static () => new CancellationTokenSource());
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
            _features?.Set(value);
        }
    }

    /// <summary>Sets TCP keep-alive; nothing happens on unix sockets.</summary>
    /// <param name="keepAlive">Its times.</param>
    public abstract void SetKeepAlive(KeepAlive keepAlive);

    /// <summary>Waits until the peer has left, without reading what it sent.</summary>
    /// <param name="ignoreClose">Whether to go on waiting after FIN, for RST alone.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How the peer left; null when the wait was ended.</returns>
    public abstract Task<PeerDeparture?> WaitForDepartureAsync(bool ignoreClose, CancellationToken cancellationToken);

    Task<PeerDeparture?> IDeparture.WaitForDepartureAsync(bool ignoreClose, CancellationToken cancellationToken) =>
        WaitForDepartureAsync(ignoreClose, cancellationToken);

    /// <summary>Runs work where this connection's handlers run: on its loop, or on the thread pool. Not inside this call.</summary>
    /// <param name="work">The work, which must not block.</param>
    public virtual void Post(IThreadPoolWorkItem work) => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);

    /// <summary>
    /// The socket's bytes without a pipe between, for handlers that keep buffers of their own: reading allocates nothing, and writing returns when
    /// the kernel has the bytes. Disposing it does nothing.
    /// </summary>
    /// <returns>The stream; null when pipes were touched or replaced, since they may hold bytes.</returns>
    public abstract Stream? OpenStream();

    /// <summary>Sends FIN after what was sent; receiving goes on.</summary>
    public abstract void EndSending();

    /// <summary>Cancels a source when the peer resets the connection; its FIN does not count, and nothing is read.</summary>
    /// <param name="source">The source.</param>
    /// <returns>Ends the watch when disposed; afterwards the source is left alone.</returns>
    public abstract IAsyncDisposable CancelOnReset(CancellationTokenSource source);

    /// <summary>Whether <see cref="RelayAsync"/> can take both sockets over.</summary>
    /// <param name="upstream">The other side.</param>
    /// <returns>False when bytes have to pass through pipes, because another transport or a wrapper is involved.</returns>
    public abstract bool CanRelay(ConnectionContext upstream);

    /// <summary>Takes both sockets over and moves bytes until both sides have ended or a deadline passes.</summary>
    /// <param name="upstream">The other side, for which <see cref="CanRelay"/> is true.</param>
    /// <param name="options">Deadlines.</param>
    /// <param name="record">Counts bytes.</param>
    /// <returns>Why it ended. Both sockets are closed or reset as that asks for.</returns>
    public abstract ValueTask<ConnectionOutcome> RelayAsync(ConnectionContext upstream, RelayOptions options, ConnectionRecord record);

    /// <summary>Cancels <see cref="ConnectionClosed"/>; once is enough.</summary>
    protected void OnClosed()
    {
        _isClosed = true;
        Interlocked.MemoryBarrier(); // a thread that makes the source after this sees the flag
        Volatile.Read(ref _closedSource)?.Cancel();
    }

    private FeatureCollection CreateFeatures()
    {
        var features = new FeatureCollection(8);
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
}
