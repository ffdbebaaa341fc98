using System.Collections.Concurrent;

namespace Proxy.Timing;

/// <summary>
/// One coarse clock for all deadlines of a transport. Traffic only stores <see cref="Now"/>, which needs no timer operation; each tick
/// compares. It ticks only while there are entries.
/// </summary>
public sealed class DeadlineClock : IDisposable
{
    private readonly ConcurrentDictionary<IDeadline, byte> _entries = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly long _start;
    private long _now;

    /// <summary>Creates the clock.</summary>
    /// <param name="time">The source of time.</param>
    public DeadlineClock(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(static state => ((DeadlineClock)state!).Tick(), this, Resolution, Resolution);
    }

    /// <summary>The time between ticks, which is the precision of deadlines.</summary>
    public static TimeSpan Resolution { get; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Milliseconds since the clock was created, as of the last tick.</summary>
    public long Now => Volatile.Read(ref _now);

    /// <summary>The number of entries.</summary>
    public int Count => _entries.Count;

    /// <summary>Adds an entry, which is checked from now on.</summary>
    /// <param name="deadline">The entry.</param>
    public void Add(IDeadline deadline) => _entries.TryAdd(deadline, 0);

    /// <summary>Removes an entry.</summary>
    /// <param name="deadline">The entry.</param>
    public void Remove(IDeadline deadline) => _entries.TryRemove(deadline, out _);

    /// <inheritdoc />
    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        var now = (long)_time.GetElapsedTime(_start).TotalMilliseconds;
        Volatile.Write(ref _now, now);
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
    }
}
