using Proxy.Configuration.Locking;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Locking;

/// <summary>
/// The clients of one lock, first in, first out. It survives edits: settings change, and places stay. All operations take constant time,
/// except edits and <see cref="Describe"/>.
/// </summary>
internal sealed class LockQueue : IDisposable
{
    private static readonly TimeSpan _lately = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new(); // guards all fields below; never held while code outside this class runs
    private readonly LinkedList<LockWaiter> _waiting = new();
    private readonly HashSet<LockWaiter> _holding = [];
    private readonly AdmissionPause _pause;
    private readonly FailureRun _refused;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private LockPermits _permits;
    private LockSettings _settings;
    private int? _permitsForNow;
    private bool _isClosed;
    private DateTimeOffset? _fullSince;
    private TaskCompletionSource? _idle;

    public LockQueue(string routeId, LockSettings settings, IPermitStore store, TimeProvider time)
    {
        RouteId = routeId;
        _settings = settings;
        _time = time;
        _pause = new AdmissionPause(time);
        _refused = new FailureRun(time, _lately);
        _timer = time.CreateTimer(static state => ((LockQueue)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Hooks = new LockHooks(routeId, time);
        _permits = new LockPermits(store, routeId, settings, Admit);
    }

    public string RouteId { get; }

    /// <summary>The settings of the newest revision.</summary>
    public LockSettings Settings => Volatile.Read(ref _settings);

    /// <summary>The hooks of the route, whose counters survive edits too.</summary>
    public LockHooks Hooks { get; }

    /// <summary>The clients that are not in the queue yet.</summary>
    public SilentClients Silent { get; } = new();

    /// <summary>
    /// Applies new settings. Waiting clients keep their places, unless a shorter timeout or another DropQueued ends their wait.
    /// </summary>
    /// <param name="settings">The settings.</param>
    /// <param name="store">Where permits are kept from now on; null if that has not changed.</param>
    public void Apply(LockSettings settings, IPermitStore? store = null)
    {
        List<LockWaiter> left;
        LockPermits? old;
        lock (_gate)
        {
            Volatile.Write(ref _settings, settings);
            _permitsForNow = null;
            _isClosed = false;
            left = [.. _waiting.Where(waiter => waiter.Departed is { } how && Counts(how))];
            left.ForEach(Drop);
            NoteFull();
            old = MoveTo(store);
            _permits.Apply(settings);
        }

        old?.Dispose();
        Hooks.Apply(settings);
        left.ForEach(static waiter => waiter.Complete(ConnectionOutcome.LeftQueue));
        Silent.WakeAll();
        OnTimer();
    }

    /// <summary>Closes the queue, since its route is gone: waiting clients are refused, served ones go on.</summary>
    public void Close()
    {
        List<LockWaiter> waiting;
        lock (_gate)
        {
            _isClosed = true;
            waiting = [.. _waiting];
            waiting.ForEach(Drop);
        }

        waiting.ForEach(static waiter => waiter.Complete(ConnectionOutcome.Drained));
        Silent.WakeAll();
    }

    /// <summary>Adds a client. Completes with null when it gets a permit, otherwise with the reason for the refusal.</summary>
    public ValueTask<ConnectionOutcome?> EnterAsync(LockWaiter waiter)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return new(ConnectionOutcome.Drained);
            }

            var isFull = _waiting.Count >= _settings.QueueLimit;
            if (!isFull || _waiting.Count == 0)
            {
                _permits.LineUp(waiter); // first, so that the store knows which client to call if there is no permit now
            }

            if (_waiting.Count == 0 && _pause.AllowsOne && _permits.TryTake(waiter, PermitsNow))
            {
                Hold(waiter);
                return new((ConnectionOutcome?)null);
            }

            if (isFull)
            {
                if (_waiting.Count == 0)
                {
                    _permits.Leave(waiter);
                }

                _refused.Failed();
                return new(ConnectionOutcome.QueueFull);
            }

            waiter.Place = _waiting.AddLast(waiter);
            NoteFull();
            if (_waiting.Count == 1)
            {
                SetTimer();
            }

            return waiter.WaitAsync();
        }
    }

    /// <summary>Handles a departed peer; the settings decide whether that ends its wait. True if it no longer waits.</summary>
    public bool Leave(LockWaiter waiter, PeerDeparture how)
    {
        lock (_gate)
        {
            waiter.Departed = how;
            if (waiter.Place is null)
            {
                return true;
            }

            if (!Counts(how))
            {
                return false;
            }

            Drop(waiter);
        }

        waiter.Complete(ConnectionOutcome.LeftQueue);
        return true;
    }

    /// <summary>Records that an activation and a dial have succeeded, after which waiting clients may be admitted.</summary>
    public void Succeeded()
    {
        lock (_gate)
        {
            if (!_pause.IsFailing)
            {
                return;
            }

            _pause.Succeeded();
        }

        Admit();
    }

    /// <summary>
    /// Records that an activation or dial has failed. The next client is admitted after a pause, so that an unavailable service does not
    /// use up the queue.
    /// </summary>
    /// <param name="waiter">The client whose activation or dial failed.</param>
    /// <param name="reason">Why, as a sentence.</param>
    public void Failed(LockWaiter waiter, string? reason = null)
    {
        lock (_gate)
        {
            _pause.Failed(waiter, reason);
            SetTimer();
        }
    }

    /// <summary>Returns a permit, and admits the next client.</summary>
    public void Release(LockWaiter waiter)
    {
        lock (_gate)
        {
            _permits.Return(waiter); // before continuations of waiting code can see that no permit is in use
            _holding.Remove(waiter);
            _pause.Ended(waiter);
            if (_holding.Count == 0)
            {
                _idle?.TrySetResult();
                _idle = null;
            }
        }

        Admit();
    }

    /// <summary>Pauses or resumes admission. Served clients are not affected.</summary>
    public void Pause(bool paused)
    {
        lock (_gate)
        {
            _pause.Pause(paused);
            _permits.Pause(paused);
        }

        Admit();
    }

    /// <summary>Changes the number of permits until the next edit.</summary>
    public void ChangePermits(int permits)
    {
        lock (_gate)
        {
            _permitsForNow = permits;
        }

        Admit();
    }

    /// <summary>Completes when no permit is held.</summary>
    public Task WhenIdleAsync()
    {
        lock (_gate)
        {
            return _holding.Count == 0 ? Task.CompletedTask : (_idle ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Whether the route is gone.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_gate)
            {
                return _isClosed;
            }
        }
    }

    /// <summary>Whether the route is gone and no permit is held; then no client is admitted any more.</summary>
    public bool IsClosedAndIdle
    {
        get
        {
            lock (_gate)
            {
                return _isClosed && _holding.Count == 0;
            }
        }
    }

    /// <summary>The number of waiting clients and of held permits.</summary>
    public (int Waiting, int Holding) Count()
    {
        lock (_gate)
        {
            return (_waiting.Count, _holding.Count);
        }
    }

    /// <summary>How long the first client has waited; zero if none waits.</summary>
    public TimeSpan LongestWait()
    {
        lock (_gate)
        {
            return _waiting.First is { Value: var waiter } ? _time.GetElapsedTime(waiter.Arrived) : TimeSpan.Zero;
        }
    }

    /// <summary>The present status without clients, and the number of those that wait.</summary>
    public (LockStatus Status, int Waiting) Brief()
    {
        lock (_gate)
        {
            return (Summarize(withHolders: false), _waiting.Count);
        }
    }

    /// <summary>The present status.</summary>
    public LockStatus Describe()
    {
        List<LockWaiter> holding;
        List<LockWaiter> waiting;
        LockStatus status;
        lock (_gate)
        {
            holding = [.. _holding];
            waiting = [.. _waiting];
            status = Summarize(withHolders: true);
        }

        // Outside the lock, so that clients do not wait while thousands of others are described.
        return status with
        {
            Holding = [.. holding.OrderBy(static waiter => waiter.Admitted).Select(waiter => waiter.Describe(0, status.Permits, _time))],
            Waiting = [.. waiting.Select((waiter, index) => waiter.Describe(index + 1, status.Permits, _time))],
        };
    }

    public void Dispose()
    {
        _timer.Dispose();
        _permits.Dispose();
    }

    private LockStatus Summarize(bool withHolders) =>
        new()
        {
            RouteId = RouteId,
            Permits = PermitsNow,
            QueueLimit = _settings.QueueLimit,
            IsPaused = _pause.IsPaused,
            IsClosed = _isClosed,
            PausedAfterFailure = _pause.Remaining,
            PausedSince = _pause.PausedSince,
            FullSince = _fullSince,
            Refused = _refused.Current,
            Failures = _pause.Failures,
            HookFailures = Hooks.Failures,
            Activations = Hooks.Activations,
            Silent = Silent.Count,
            Shared = _permits.Describe(PermitsNow, withHolders),
            Holding = [],
            Waiting = [],
        };

    private int PermitsNow => _permitsForNow ?? _settings.Permits;

    // To the proxy, a half-close looks like leaving.
    private bool Counts(PeerDeparture how) =>
        how == PeerDeparture.Reset
        || _settings.DropQueued == DropQueued.Always
        || (how == PeerDeparture.ClosedSilently && _settings.DropQueued == DropQueued.WhenSilent);

    private void TakeOut(LockWaiter waiter)
    {
        _waiting.Remove(waiter.Place!);
        waiter.Place = null;
        NoteFull();
    }

    // Takes out a client that gets no permit.
    private void Drop(LockWaiter waiter)
    {
        TakeOut(waiter);
        _permits.Leave(waiter);
    }

    // Clients line up in the other store in their order, and those that are served count there too.
    private LockPermits? MoveTo(IPermitStore? store)
    {
        if (store is null || store.Name == _permits.StoreName)
        {
            return null;
        }

        var old = _permits;
        _permits = new LockPermits(store, RouteId, _settings, Admit);
        _permits.Pause(_pause.IsPaused);
        _permits.TakeOver(old, _holding, _waiting);
        return old;
    }

    private void NoteFull() =>
        _fullSince = _waiting.Count > 0 && _waiting.Count >= _settings.QueueLimit ? _fullSince ?? _time.GetUtcNow() : null;

    private void Hold(LockWaiter waiter)
    {
        waiter.Admitted = _time.GetTimestamp();
        _holding.Add(waiter);
        _pause.Admit(waiter);
    }

    private void Admit()
    {
        while (TakeNext() is { } waiter)
        {
            waiter.Complete(null);
        }
    }

    private LockWaiter? TakeNext()
    {
        lock (_gate)
        {
            if (_waiting.First is not { Value: var waiter } || !_pause.AllowsOne || !_permits.TryTake(waiter, PermitsNow))
            {
                return null;
            }

            TakeOut(waiter);
            Hold(waiter);
            return waiter;
        }
    }

    private void OnTimer()
    {
        while (TakeExpired() is { } waiter)
        {
            waiter.Complete(ConnectionOutcome.QueueTimeout);
        }

        Admit();
        lock (_gate)
        {
            SetTimer();
        }
    }

    private LockWaiter? TakeExpired()
    {
        lock (_gate)
        {
            if (_waiting.First is not { Value: var waiter } || UntilExpiry(waiter) is not { } left || left > TimeSpan.Zero)
            {
                return null;
            }

            Drop(waiter);
            return waiter;
        }
    }

    // All clients have the same timeout, so the first in the queue expires first: one timer is enough.
    private void SetTimer()
    {
        var due = _waiting.First is { Value: var waiter } ? UntilExpiry(waiter) : null;
        if (_waiting.Count > 0 && _pause.Remaining is var pause && pause > TimeSpan.Zero && !(due < pause))
        {
            due = pause;
        }

        _timer.Change(Ceiling(due), Timeout.InfiniteTimeSpan);
    }

    private TimeSpan? UntilExpiry(LockWaiter waiter) =>
        _settings.QueueTimeout < TimeSpan.Zero ? null : _settings.QueueTimeout - _time.GetElapsedTime(waiter.Arrived);

    // Timers have whole milliseconds, and must not fire early.
    private static TimeSpan Ceiling(TimeSpan? due) =>
        due is { } value ? TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(value.TotalMilliseconds))) : Timeout.InfiniteTimeSpan;
}
