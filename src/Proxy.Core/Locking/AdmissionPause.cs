namespace Proxy.Locking;

/// <summary>
/// Whether clients are admitted: not while an operator has paused it, and after a failure only one at a time, each try later than the
/// one before, until one succeeds. The queue guards it.
/// </summary>
internal sealed class AdmissionPause(TimeProvider time)
{
    private static readonly TimeSpan _first = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(30);
    private TimeSpan _pause = TimeSpan.Zero;
    private long _began;
    private LockWaiter? _trial;

    /// <summary>Whether an operator has paused it.</summary>
    public bool IsPaused { get; set; }

    /// <summary>How long the pause after a failure still lasts; zero when nobody waits for it.</summary>
    public TimeSpan Remaining => _pause > TimeSpan.Zero && _trial is null ? Max(_pause - time.GetElapsedTime(_began)) : TimeSpan.Zero;

    /// <summary>Whether the last activation or dial failed.</summary>
    public bool IsFailing => _pause > TimeSpan.Zero;

    public bool AllowsOne => !IsPaused && _trial is null && Remaining == TimeSpan.Zero;

    /// <summary>Notes who was admitted: while failing, it is the one that tries.</summary>
    public void Admit(LockWaiter waiter) => _trial = IsFailing ? waiter : null;

    public void Succeeded()
    {
        _pause = TimeSpan.Zero;
        _trial = null;
    }

    public void Failed(LockWaiter waiter)
    {
        if (IsFailing && _trial != waiter)
        {
            return; // it began before the pause
        }

        var next = _pause * 2;
        _pause =
            next == TimeSpan.Zero ? _first
            : next < _longest ? next
            : _longest;
        _began = time.GetTimestamp();
        _trial = null;
    }

    /// <summary>Lets another try when the one that did ended without a result.</summary>
    public void Ended(LockWaiter waiter)
    {
        if (_trial == waiter)
        {
            _trial = null;
        }
    }

    private static TimeSpan Max(TimeSpan value) => value > TimeSpan.Zero ? value : TimeSpan.Zero;
}
