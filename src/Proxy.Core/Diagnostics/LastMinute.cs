namespace Proxy.Diagnostics;

/// <summary>How many attempts of the last minute have failed. Thread-safe, of fixed size.</summary>
/// <param name="time">The clock.</param>
internal sealed class LastMinute(TimeProvider time)
{
    private const int SlotSeconds = 5;
    private const int Slots = 12;
    private static readonly TimeSpan _minute = TimeSpan.FromSeconds(Slots * SlotSeconds);

    private readonly Lock _gate = new(); // guards all fields below
    private readonly long _started = time.GetTimestamp();
    private readonly (long Slot, int Ended, int Failed)[] _slots = new (long, int, int)[Slots];
    private readonly FailureRun _chain = new(time, _minute); // ends when a minute passes without a failure
    private readonly FailureRun _row = new(time, _minute); // ends with a success, too

    /// <summary>Records an attempt that has ended.</summary>
    /// <param name="error">Why it failed; null if it did not.</param>
    public void Note(string? error)
    {
        lock (_gate)
        {
            var now = SlotNow();
            ref var slot = ref _slots[now % Slots];
            if (slot.Slot != now)
            {
                slot = (now, 0, 0);
            }

            slot.Ended++;
            slot.Failed += error is null ? 0 : 1;
        }

        if (error is null)
        {
            _row.Succeeded();
            return;
        }

        _chain.Failed(error);
        _row.Failed(error);
    }

    /// <summary>The sums of the last minute, to five seconds.</summary>
    public LastMinuteSums Read()
    {
        var (ended, failed) = (0, 0);
        lock (_gate)
        {
            var now = SlotNow();
            foreach (var (at, all, wrong) in _slots)
            {
                if (all > 0 && now - at < Slots)
                {
                    ended += all;
                    failed += wrong;
                }
            }
        }

        return new(ended, failed, _chain.Current, _row.Current);
    }

    private long SlotNow() => (long)time.GetElapsedTime(_started).TotalSeconds / SlotSeconds;
}

/// <summary>The sums of the last minute.</summary>
/// <param name="Ended">The number of attempts that ended.</param>
/// <param name="Failed">The number of those that failed.</param>
/// <param name="Failures">The failures since the last minute without any; null if there are none.</param>
/// <param name="InARow">The failures since the last success; null if there are none.</param>
internal readonly record struct LastMinuteSums(int Ended, int Failed, Failures? Failures, Failures? InARow)
{
    private const double MostFailed = 0.05;

    /// <summary>Whether all failed.</summary>
    public bool AllFailed => Failed > 0 && Failed == Ended;

    /// <summary>Whether more than one in twenty failed.</summary>
    public bool ManyFailed => Failed > Ended * MostFailed;
}
