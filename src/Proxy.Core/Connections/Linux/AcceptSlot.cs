using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Proxy.Native;

namespace Proxy.Connections.Linux;

/// <summary>Accepts connections on one event loop.</summary>
internal sealed class AcceptSlot(EpollListener listener, EventLoop loop, EpollDependencies services) : IEventHandler, IDisposable
{
    // More in a row would delay the loop's other connections.
    private const int MostInARow = 32;

    private readonly ReadinessGate _gate = new(inline: true);
    private readonly Lock _handedGate = new(); // guards _handed and _hasEnded
    private readonly Queue<EpollConnection> _handed = new();
    private int _taken;
    private int _inARow;
    private bool _isWatching;
    private bool _hasEnded;

    ulong IEventHandler.Registration { get; set; }

    /// <inheritdoc />
    public override string ToString() => $"accepting clients at {listener.EndPoint}";

    /// <summary>Reserves the slot for one accept.</summary>
    public bool TryTake() => Interlocked.Exchange(ref _taken, 1) == 0;

    /// <summary>Accepts one connection and frees the slot; null if the listener is unbound and no connection is queued any more.</summary>
    public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken)
    {
        var mayGoOn = ++_inARow < MostInARow && EventLoop.Current == loop;
        if (mayGoOn)
        {
            _gate.Reset(); // events from now on are kept
            try
            {
                if (TryAccept() is { } connection)
                {
                    Leave();
                    return new(connection);
                }
            }
            catch
            {
                Leave();
                throw;
            }
        }

        return WaitAsync(hasTried: mayGoOn, cancellationToken);
    }

    /// <summary>Makes the waiting accept check again.</summary>
    public void Wake() => loop.Post(_gate);

    /// <summary>Takes a connection that another loop has accepted for this one.</summary>
    public bool TryEnqueue(EpollConnection connection)
    {
        lock (_handedGate)
        {
            if (_hasEnded)
            {
                return false;
            }

            _handed.Enqueue(connection);
        }

        Wake();
        return true;
    }

    void IEventHandler.OnEvents(EventLoop source, uint events) => _gate.Signal();

    public void Dispose()
    {
        if (_isWatching && listener.TryEnter())
        {
            try
            {
                loop.Remove(listener.Number, ((IEventHandler)this).Registration);
            }
            finally
            {
                listener.Exit();
            }
        }

        lock (_handedGate)
        {
            _hasEnded = true;
            while (_handed.TryDequeue(out var connection))
            {
                connection.Abort();
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ConnectionContext?> WaitAsync(bool hasTried, CancellationToken cancellationToken)
    {
        try
        {
            if (!hasTried)
            {
                await LetOthersRunAsync();
            }

            _inARow = 0;
            while (true)
            {
                if (!hasTried)
                {
                    _gate.Reset();
                    if (TryAccept() is { } connection)
                    {
                        return connection;
                    }
                }

                hasTried = false;
                if (listener.IsUnbound && HasEnded())
                {
                    return null;
                }

                WatchOrLeave();
                await _gate.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            Leave();
        }
    }

    // Switches to the loop's thread, or lets its other work run first.
    private ValueTask LetOthersRunAsync()
    {
        _gate.Reset();
        var turn = _gate.WaitAsync();
        Wake();
        return turn;
    }

    private void WatchOrLeave()
    {
        if (listener.AcceptsOn(loop) == _isWatching || !listener.TryEnter())
        {
            return;
        }

        try
        {
            if (_isWatching)
            {
                loop.Remove(listener.Number, ((IEventHandler)this).Registration);
                listener.WakeOnly(); // the kernel may have notified this loop only
            }
            else
            {
                loop.Add(listener.Number, Libc.EpollIn | Libc.EpollExclusive | Libc.EpollEdge, this);
            }

            _isWatching = !_isWatching;
        }
        finally
        {
            listener.Exit();
        }
    }

    private bool HasEnded()
    {
        lock (_handedGate)
        {
            _hasEnded = _handed.Count == 0;
            return _hasEnded;
        }
    }

    private void Leave() => Volatile.Write(ref _taken, 0);

    private EpollConnection? TryAccept()
    {
        while (true)
        {
            if (TryDequeue() is { } handed)
            {
                return handed;
            }

            if (!listener.AcceptsOn(loop) || !listener.MayAccept)
            {
                return null;
            }

            Resources.OfProcess.BeforeAccept();
            var mayBeEarlier = listener.MayHaveEarlier;
            if (!listener.TryEnter())
            {
                return null;
            }

            var (descriptor, remote) = Accept();
            if (descriptor == -Errno.Again)
            {
                listener.FoundEmpty();
                return null;
            }

            if (descriptor < 0)
            {
                throw Errno.Exception(-descriptor);
            }

            if (mayBeEarlier)
            {
                EpollListener.Prepare(descriptor);
            }

            var connection = Create(descriptor, remote);
            try
            {
                connection.Register();
                if (connection.Loop == loop || !listener.TryHandOn(connection))
                {
                    return connection;
                }
            }
            catch
            {
                connection.Reset(); // there is no memory, or the kernel has no epoll watches left
                throw;
            }
        }
    }

    // Called after TryEnter. Exit must not be left out when this fails, since closing the socket waits for it.
    private (int Descriptor, EndPoint? Remote) Accept()
    {
        try
        {
            return (Descriptor.Accept(listener.Number, out var remote), remote);
        }
        finally
        {
            listener.Exit();
        }
    }

    private EpollConnection Create(int descriptor, EndPoint? remote)
    {
        try
        {
            return new EpollConnection(descriptor, listener.Choose(loop), services, remote, isAccepted: true, listener.IsInline);
        }
        catch
        {
            Descriptor.Close(descriptor);
            throw;
        }
    }

    private EpollConnection? TryDequeue()
    {
        if (_handed.Count == 0)
        {
            return null;
        }

        lock (_handedGate)
        {
            return _handed.TryDequeue(out var connection) ? connection : null;
        }
    }
}
