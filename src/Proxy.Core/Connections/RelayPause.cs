using Proxy.Timing;

namespace Proxy.Connections;

/// <summary>
/// One direction of a portable relay that waits for bandwidth; the ticks of the clock end its pauses. The relay has it checked at each tick.
/// </summary>
internal sealed class RelayPause(Bandwidth? bandwidth, DeadlineClock clock)
{
    private readonly Lock _gate = new(); // guards all below
    private RelayPace _pace = new(bandwidth);
    private TaskCompletionSource<int>? _waiting;
    private bool _isOver;

    /// <summary>Whether bytes wait for bandwidth at present.</summary>
    public bool IsPaused => Volatile.Read(ref _waiting) is not null;

    /// <summary>Waits until bytes may be read.</summary>
    /// <returns>How many; the largest number if there is no limit, or the relay has ended.</returns>
    public ValueTask<int> AllowedAsync()
    {
        if (!_pace.IsLimited && _pace.IsFree)
        {
            return new(int.MaxValue);
        }

        lock (_gate)
        {
            var allowed = _isOver ? int.MaxValue : _pace.Allowed(clock.Now);
            if (allowed > 0)
            {
                return new(allowed);
            }

            _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
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

        lock (_gate)
        {
            if (_waiting is not { } waiting || _pace.Allowed(now) is not (var allowed and > 0))
            {
                return false;
            }

            _waiting = null;
            return waiting.TrySetResult(allowed);
        }
    }

    /// <summary>Ends all pauses, because the relay has ended: what reads next fails.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isOver = true;
            _waiting?.TrySetResult(int.MaxValue);
            _waiting = null;
        }
    }
}
