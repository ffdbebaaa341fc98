using Proxy.Timing;

namespace Proxy.Locking;

/// <summary>
/// Whether clients are admitted: not while an operator has paused it, and after a failure only one at a time, each try later than the
/// one before, until one succeeds. The queue guards it.
/// </summary>
internal sealed class AdmissionPause(TimeProvider time)
{
    private readonly Backoff _backoff = new(time, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
    private LockWaiter? _trial;

    /// <summary>Whether an operator has paused it.</summary>
    public bool IsPaused { get; set; }

    /// <summary>How long the pause after a failure still lasts; zero while a client tries.</summary>
    public TimeSpan Remaining => _trial is null ? _backoff.Remaining : TimeSpan.Zero;

    /// <summary>Whether the last activation or dial failed.</summary>
    public bool IsFailing => _backoff.HasFailed;

    public bool AllowsOne => !IsPaused && _trial is null && Remaining == TimeSpan.Zero;

    /// <summary>Notes the client that was admitted: while admissions fail, it is the one that tries.</summary>
    public void Admit(LockWaiter waiter) => _trial = IsFailing ? waiter : null;

    public void Succeeded()
    {
        _backoff.Reset();
        _trial = null;
    }

    public void Failed(LockWaiter waiter)
    {
        if (IsFailing && _trial != waiter)
        {
            return; // it began before the pause
        }

        _backoff.Fail();
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
}
