using System.Diagnostics.CodeAnalysis;

namespace Proxy.Etcd.Client;

/// <summary>The present lease. It is renewed by <see cref="EtcdLease"/>, and ends by its own clock when it is not.</summary>
[SuppressMessage("Usage", "CA2213", Justification = "Without a timer they hold nothing, and their tokens are read after the end.")]
internal sealed class EtcdTerm : LeaseTerm, IDisposable
{
    // A suspended machine stops timers: the clock is looked at this often.
    private static readonly TimeSpan _longestWait = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new(); // guards all below
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _ended = new();
    private CancellationTokenSource _nearEnd = new();
    private long _sent;
    private TimeSpan _length;
    private bool _isOver;

    /// <param name="id">The id.</param>
    /// <param name="length">How long it lasts.</param>
    /// <param name="sent">When it was asked for, on the clock.</param>
    /// <param name="clock">A clock that does not stop.</param>
    public EtcdTerm(long id, TimeSpan length, long sent, TimeProvider clock)
    {
        (Id, _length, _sent, _clock) = (id, length, sent, clock);
        _timer = clock.CreateTimer(static term => ((EtcdTerm)term!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Look();
    }

    /// <inheritdoc />
    public override long Id { get; }

    /// <inheritdoc />
    public override TimeSpan Left
    {
        get
        {
            lock (_gate)
            {
                return LeftNow();
            }
        }
    }

    /// <inheritdoc />
    public override CancellationToken NearEnd
    {
        get
        {
            lock (_gate)
            {
                return _nearEnd.Token;
            }
        }
    }

    /// <inheritdoc />
    public override CancellationToken Ended => _ended.Token;

    /// <summary>When the next renewal is due, from now: a third after the last one was sent.</summary>
    public TimeSpan UntilRenewal
    {
        get
        {
            lock (_gate)
            {
                var left = (_length / 3) - _clock.GetElapsedTime(_sent);
                return left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }
    }

    /// <summary>It was renewed. One that has ended stays so.</summary>
    /// <param name="sent">When that was asked for.</param>
    /// <param name="length">How long it lasts from then on.</param>
    /// <returns>Whether it goes on.</returns>
    public bool Renew(long sent, TimeSpan length)
    {
        lock (_gate)
        {
            if (LeftNow() == TimeSpan.Zero)
            {
                return false;
            }

            (_sent, _length) = (sent, length);
            if (_nearEnd.IsCancellationRequested && LeftNow() > Margin)
            {
                _nearEnd = new(); // holders of the old one have been told to end
            }
        }

        Look();
        return true;
    }

    /// <summary>It has ended: the engine does not know it, or it is given up.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isOver = true;
        }

        Look();
    }

    /// <summary>Ends it, and the timer.</summary>
    public void Dispose()
    {
        End();
        _timer.Dispose();
    }

    private TimeSpan LeftNow()
    {
        var left = _isOver ? TimeSpan.Zero : _length - _clock.GetElapsedTime(_sent);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    // Callbacks of others run on the pool and not within the lock.
    private void Look()
    {
        lock (_gate)
        {
            var left = LeftNow();
            _isOver = left == TimeSpan.Zero; // for good, whatever the clock says later
            if (left <= Margin)
            {
                _ = _nearEnd.CancelAsync();
            }

            if (_isOver)
            {
                _ = _ended.CancelAsync();
                return;
            }

            var until = left > Margin ? left - Margin : left;
            _timer.Change(until < _longestWait ? until : _longestWait, Timeout.InfiniteTimeSpan);
        }
    }
}
