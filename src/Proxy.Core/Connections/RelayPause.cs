namespace Proxy.Connections;

/// <summary>
/// One direction of a relay that waits for bandwidth; the checks of the relay end its pauses. Times are in milliseconds of one clock.
/// </summary>
/// <param name="bandwidth">The limit; null for none.</param>
/// <param name="isInline">Whether what waits goes on within the check.</param>
internal sealed class RelayPause(Bandwidth? bandwidth, bool isInline = false)
{
    private readonly Lock _gate = new(); // guards all below
    private RelayPace _pace = new(bandwidth);
    private TaskCompletionSource<int>? _waiting;
    private bool _isOver;

    /// <summary>Whether bytes wait for bandwidth at present.</summary>
    public bool IsPaused => Volatile.Read(ref _waiting) is not null;

    /// <summary>When the pause is over, unless an edit ends it earlier; the largest number if there is none.</summary>
    public long Resumes
    {
        get
        {
            lock (_gate)
            {
                return _waiting is null ? RelayDeadlines.Never : _pace.Resumes;
            }
        }
    }

    /// <summary>Waits until bytes may be read.</summary>
    /// <returns>How many; the largest number if there is no limit, or the relay has ended.</returns>
    public ValueTask<int> AllowedAsync(long now)
    {
        if (!_pace.IsLimited && _pace.IsFree)
        {
            return new(int.MaxValue);
        }

        lock (_gate)
        {
            var allowed = _isOver ? int.MaxValue : _pace.Allowed(now);
            if (allowed > 0)
            {
                return new(allowed);
            }

            _waiting = new(isInline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
            return new(_waiting.Task);
        }
    }

    /// <summary>Counts bytes that were read.</summary>
    public void Count(int bytes)
    {
        if (_pace.IsLimited)
        {
            lock (_gate)
            {
                _pace.Count(bytes);
            }
        }
    }

    /// <summary>Ends a pause that is over at this time.</summary>
    /// <returns>Whether it did, so that bytes move again.</returns>
    public bool Check(long now)
    {
        if (!IsPaused)
        {
            return false;
        }

        TaskCompletionSource<int> over;
        int allowed;
        lock (_gate)
        {
            if (_waiting is not { } waiting || (allowed = _pace.Allowed(now)) == 0)
            {
                return false;
            }

            (over, _waiting) = (waiting, null);
        }

        return over.TrySetResult(allowed);
    }

    /// <summary>Ends all pauses, because the relay has ended: what reads next fails.</summary>
    public void End()
    {
        TaskCompletionSource<int>? over;
        lock (_gate)
        {
            _isOver = true;
            (over, _waiting) = (_waiting, null);
        }

        over?.TrySetResult(int.MaxValue);
    }
}
