using System.Collections.Concurrent;

namespace Proxy.Timing;

/// <summary>
/// One coarse clock for all deadlines of a transport. Traffic only stores <see cref="Now"/>, which needs no timer operation; each tick
/// compares. It ticks only while there are entries: the first one starts the timer, and the first tick without any stops it. Thread-safe.
/// </summary>
public sealed class DeadlineClock : IDisposable
{
    private readonly ConcurrentDictionary<IDeadline, byte> _entries = new();
    private readonly Lock _gate = new(); // guards the timer, and writing of _isTicking
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly long _start;
    private long _now;
    private bool _isTicking;
    private bool _isDisposed;

    /// <summary>Creates the clock.</summary>
    /// <param name="time">The source of time.</param>
    public DeadlineClock(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(static state => ((DeadlineClock)state!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The time between ticks, which is the precision of deadlines.</summary>
    public static TimeSpan Resolution { get; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Milliseconds since the clock was created, as of the last tick; as of now while it does not tick. It never goes back.</summary>
    public long Now => Volatile.Read(ref _isTicking) ? Volatile.Read(ref _now) : Refresh();

    /// <summary>The number of entries.</summary>
    public int Count => _entries.Count;

    /// <summary>Adds an entry, which is checked from now on.</summary>
    /// <param name="deadline">The entry.</param>
    public void Add(IDeadline deadline)
    {
        _entries.TryAdd(deadline, 0);
        // The entry is written before the flag is read, as Stop writes the flag before it looks for entries: one of both sees the other.
        Interlocked.MemoryBarrier();
        if (!Volatile.Read(ref _isTicking))
        {
            Start();
        }
    }

    /// <summary>Removes an entry.</summary>
    /// <param name="deadline">The entry.</param>
    public void Remove(IDeadline deadline) => _entries.TryRemove(deadline, out _);

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            Volatile.Write(ref _isTicking, false);
            _timer.Dispose();
        }
    }

    private void Start()
    {
        lock (_gate)
        {
            if (!_isTicking && !_isDisposed)
            {
                Refresh();
                Volatile.Write(ref _isTicking, true);
                _timer.Change(Resolution, Resolution);
            }
        }
    }

    // Not the removal of the last entry stops the timer but the tick after it, so that connections one after the other do not set it each time.
    private void Stop()
    {
        lock (_gate)
        {
            Volatile.Write(ref _isTicking, false);
            Interlocked.MemoryBarrier();
            if (_entries.IsEmpty || _isDisposed)
            {
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
            else
            {
                Volatile.Write(ref _isTicking, true);
            }
        }
    }

    private void Tick()
    {
        var now = Refresh();
        foreach (var entry in _entries)
        {
            try
            {
                entry.Key.Check(now);
            }
            catch (OutOfMemoryException)
            {
                // It is checked again at the next tick; an exception of a timer would end the process.
            }
        }

        if (_entries.IsEmpty)
        {
            Stop();
        }
    }

    private long Refresh()
    {
        var now = (long)_time.GetElapsedTime(_start).TotalMilliseconds;
        var seen = Volatile.Read(ref _now);
        while (now > seen)
        {
            var before = seen;
            seen = Interlocked.CompareExchange(ref _now, now, seen);
            if (seen == before)
            {
                return now;
            }
        }

        return seen;
    }
}
