namespace Proxy.Diagnostics;

/// <summary>How many attempts of the last minute have failed. Thread-safe, of fixed size.</summary>
/// <param name="time">The clock.</param>
internal sealed class LastMinute(TimeProvider time)
{
    private const int SlotSeconds = 5;
    private const int Slots = 12;
    private const double MostFailed = 0.05;
    private const int MostCharacters = 200;

    private readonly Lock _gate = new(); // guards all fields below
    private readonly long _started = time.GetTimestamp();
    private readonly (long Slot, int Ended, int Failed)[] _slots = new (long, int, int)[Slots];
    private readonly FailureRun _row = new(time, TimeSpan.FromSeconds(Slots * SlotSeconds)); // ends with a success, too
    private long _judged; // the newest slot at whose begin the share of failures was compared
    private Failures? _many; // while more than one in twenty have failed
    private string? _lastError;

    /// <summary>Records an attempt that has ended.</summary>
    /// <param name="error">Why it failed; null if it did not.</param>
    public void Note(string? error)
    {
        lock (_gate)
        {
            var now = MoveOn();
            ref var slot = ref _slots[now % Slots];
            if (slot.Slot != now)
            {
                slot = (now, 0, 0);
            }

            slot.Ended++;
            if (error is not null)
            {
                slot.Failed++;
                _lastError = error.Length > MostCharacters ? error[..MostCharacters] : error;
            }

            if (error is not null || _many is not null) // else the share has not grown
            {
                Judge(now, time.GetUtcNow(), error is null ? 0 : 1);
            }
        }

        if (error is null)
        {
            _row.Succeeded();
        }
        else
        {
            _row.Failed(error);
        }
    }

    /// <summary>The sums of the last minute, to five seconds.</summary>
    public LastMinuteSums Read()
    {
        lock (_gate)
        {
            var (ended, failed) = Sum(MoveOn());
            return new(ended, failed, _many, _row.Current);
        }
    }

    // The share also changes when attempts are a minute old: then slots begin in which nothing may have ended.
    private long MoveOn()
    {
        var elapsed = time.GetElapsedTime(_started);
        var now = (long)elapsed.TotalSeconds / SlotSeconds;
        if (now == _judged)
        {
            return now;
        }

        var utc = time.GetUtcNow();
        for (var slot = _judged + 1; slot <= Math.Min(now, _judged + Slots); slot++)
        {
            Judge(slot, utc - (elapsed - TimeSpan.FromSeconds(slot * SlotSeconds)), failures: 0);
        }

        _judged = now;
        return now;
    }

    private void Judge(long slot, DateTimeOffset at, int failures)
    {
        var (ended, failed) = Sum(slot);
        _many =
            failed <= ended * MostFailed ? null
            : _many is null ? new(failed, at, at, _lastError)
            : failures == 0 ? _many
            : new(_many.Count + failures, _many.Since, at, _lastError);
    }

    private (int Ended, int Failed) Sum(long now)
    {
        var (ended, failed) = (0, 0);
        foreach (var (at, all, wrong) in _slots)
        {
            if (all > 0 && now - at < Slots)
            {
                ended += all;
                failed += wrong;
            }
        }

        return (ended, failed);
    }
}

/// <summary>The sums of the last minute.</summary>
/// <param name="Ended">The number of attempts that ended.</param>
/// <param name="Failed">The number of those that failed.</param>
/// <param name="TooMany">
/// While more than one in twenty failed: since when that is so, and the failures by which it came about and those after them; else null.
/// </param>
/// <param name="InARow">The failures since the last success; null if there are none.</param>
internal readonly record struct LastMinuteSums(int Ended, int Failed, Failures? TooMany, Failures? InARow)
{
    /// <summary>Whether all failed.</summary>
    public bool AllFailed => Failed > 0 && Failed == Ended;
}
