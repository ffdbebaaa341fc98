using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Locking;

/// <summary>
/// Decides whether clients are admitted. None is while an operator has paused admission. After a failure only one client at a time is
/// admitted, after growing pauses, until one succeeds. Guarded by the queue's lock.
/// </summary>
internal sealed class AdmissionPause(TimeProvider time)
{
    private readonly Backoff _backoff = new(time, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
    private readonly FailureRun _failures = new(time);
    private LockWaiter? _trial;

    /// <summary>Whether an operator has paused admission.</summary>
    public bool IsPaused => PausedSince is not null;

    /// <summary>Since when an operator has paused admission; null if none has.</summary>
    public DateTimeOffset? PausedSince { get; private set; }

    /// <summary>The activations and dials that failed since the last one that succeeded; null if there are none.</summary>
    public Failures? Failures => _failures.Current;

    /// <summary>The rest of the pause after a failure; zero while a client is being tried.</summary>
    public TimeSpan Remaining => _trial is null ? _backoff.Remaining : TimeSpan.Zero;

    /// <summary>Whether the last activation or dial has failed.</summary>
    public bool IsFailing => _backoff.HasFailed;

    public bool AllowsOne => !IsPaused && _trial is null && Remaining == TimeSpan.Zero;

    /// <summary>Records that an operator pauses or resumes admission.</summary>
    public void Pause(bool paused) => PausedSince = paused ? PausedSince ?? time.GetUtcNow() : null;

    /// <summary>Records an admitted client. After a failure, its result decides whether others are admitted.</summary>
    public void Admit(LockWaiter waiter) => _trial = IsFailing ? waiter : null;

    public void Succeeded()
    {
        _backoff.Reset();
        _failures.Succeeded();
        _trial = null;
    }

    public void Failed(LockWaiter waiter, string? reason = null)
    {
        _failures.Failed(reason);
        if (IsFailing && _trial != waiter)
        {
            return; // admitted before the failure, so not the client whose result is awaited
        }

        _backoff.Fail();
        _trial = null;
    }

    /// <summary>Admits another client for a trial if the one on trial has ended without a result.</summary>
    public void Ended(LockWaiter waiter)
    {
        if (_trial == waiter)
        {
            _trial = null;
        }
    }
}
