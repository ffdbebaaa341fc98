namespace Proxy.Locking;

/// <summary>The locks of all routes: operators see and control them here. It survives edits.</summary>
public sealed class LockRegistry : IDisposable
{
    // Killing a process may take seconds.
    private static readonly TimeSpan _killLimit = TimeSpan.FromSeconds(6);

    private readonly Lock _gate = new(); // guards _queues and _reserved
    private readonly Dictionary<string, LockQueue> _queues = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<LockQueue> _reserved = []; // needed by the revision that is being applied, so they must not be removed
    private readonly CancellationTokenSource _stopped = new();
    private readonly IReadOnlyList<IPermitStore> _stores;
    private readonly LockMetrics _metrics;
    private readonly TimeProvider _time;

    internal LockRegistry(IEnumerable<IPermitStore> stores, LockMetrics metrics, TimeProvider time)
    {
        _stores = [.. stores];
        _metrics = metrics;
        _time = time;
        metrics.Queues = Queues;
    }

    /// <summary>The status of all locks.</summary>
    /// <returns>One entry per route with a lock.</returns>
    public IReadOnlyList<LockStatus> List() =>
        [
            .. Queues()
                .Select(static queue => queue.Describe())
                .OrderBy(static lockStatus => lockStatus.RouteId, StringComparer.OrdinalIgnoreCase),
        ];

    /// <summary>The status of all locks without clients, of which there may be thousands, and the number of those that wait.</summary>
    internal IEnumerable<(LockStatus Status, int Waiting)> Brief() => Queues().Select(static queue => queue.Brief());

    /// <summary>The status of one lock.</summary>
    /// <param name="routeId">The id of the route.</param>
    /// <returns>The status; null if the route has no lock.</returns>
    public LockStatus? Find(string routeId) => FindQueue(routeId)?.Describe();

    /// <summary>Pauses or resumes admission. Served clients are not affected, waiting ones go on waiting.</summary>
    /// <param name="routeId">The id of the route.</param>
    /// <param name="paused">Whether to pause.</param>
    /// <returns>False when the route has no lock.</returns>
    public bool TryPause(string routeId, bool paused)
    {
        var queue = FindQueue(routeId);
        queue?.Pause(paused);
        return queue is not null;
    }

    /// <summary>Changes the number of permits until the next edit. Fewer permits end no connection.</summary>
    /// <param name="routeId">The id of the route.</param>
    /// <param name="permits">The number of permits, at least 1.</param>
    /// <returns>False when the route has no lock.</returns>
    public bool TryChangePermits(string routeId, int permits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(permits, 1);
        var queue = FindQueue(routeId);
        queue?.ChangePermits(permits);
        return queue is not null;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _stopped.Cancel();
        foreach (var queue in Queues())
        {
            queue.Dispose();
        }

        _stopped.Dispose();
    }

    /// <summary>Builds a route's lock for a revision without applying it. One revision at a time.</summary>
    internal LockReservation Reserve(string routeId, string scope, LockSettings settings)
    {
        var store = Store(scope);
        lock (_gate)
        {
            var isKnown = _queues.TryGetValue(routeId, out var queue);
            queue ??= new LockQueue(routeId, settings, store, _time);
            if (isKnown)
            {
                _reserved.Add(queue);
            }

            return new(queue, !isKnown, store, settings, new LockMiddleware(queue, _metrics, _time, _stopped.Token));
        }
    }

    /// <summary>
    /// Applies the locks of a revision and closes all others, which are removed when their last permit has been returned.
    /// </summary>
    /// <exception cref="AggregateException">Some locks could not apply it; all others have.</exception>
    internal void Apply(IReadOnlyCollection<LockReservation> locks)
    {
        lock (_gate)
        {
            _reserved.Clear();
            foreach (var one in locks)
            {
                _queues[one.Queue.RouteId] = one.Queue;
                _reserved.Add(one.Queue);
            }
        }

        var failures = new List<Exception>();
        try
        {
            FollowAll(locks, failures);
        }
        finally
        {
            // Only now: the queue of a route that is back was closed until it has followed, and its last client may have left since.
            lock (_gate)
            {
                _reserved.ExceptWith(locks.Select(static one => one.Queue));
            }
        }

        if (failures.Count > 0)
        {
            throw new AggregateException(failures);
        }
    }

    /// <summary>Drops reservations that are not applied, after which everything is as before.</summary>
    internal void GiveUp(IReadOnlyCollection<LockReservation> locks)
    {
        lock (_gate)
        {
            _reserved.Clear();
        }

        foreach (var one in locks)
        {
            if (one.IsNew)
            {
                one.Queue.Dispose();
            }
            else if (one.Queue.IsClosedAndIdle)
            {
                _ = ForgetAsync(one.Queue); // not removed earlier because it was reserved
            }
        }
    }

    /// <summary>Waits until no permit is held, so that hooks can finish; after a time limit cancels them and waits for that.</summary>
    internal async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await WhenIdleAsync().WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The time limit is over, so hooks are cancelled.
        }

        await _stopped.CancelAsync();
        try
        {
            await WhenIdleAsync().WaitAsync(_killLimit, _time, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            // A process cannot be killed, which the hook logs.
        }

        foreach (var queue in Queues())
        {
            queue.Dispose(); // what hosts share is left in order
        }
    }

    private Task WhenIdleAsync() => Task.WhenAll(Queues().Select(static queue => queue.WhenIdleAsync()));

    private void FollowAll(IReadOnlyCollection<LockReservation> locks, List<Exception> failures)
    {
        var used = locks.ToDictionary(static one => one.Queue, static one => one);
        foreach (var queue in Queues())
        {
            try
            {
                Follow(queue, used.GetValueOrDefault(queue));
            }
            catch (Exception exception)
            {
                failures.Add(exception);
            }
        }
    }

    private void Follow(LockQueue queue, LockReservation? reserved)
    {
        if (reserved is not null)
        {
            queue.Apply(reserved.Settings, reserved.Store);
            return;
        }

        queue.Close();
        _ = ForgetAsync(queue);
    }

    private IPermitStore Store(string scope) =>
        _stores.FirstOrDefault(store => store.Name.Equals(scope, StringComparison.OrdinalIgnoreCase))
        ?? throw new InvalidOperationException(
            $"Scope {scope} needs the engine, which this program connects to at its start only; restart it."
        );

    // A queue that is in use is not removed.
    private async Task ForgetAsync(LockQueue queue)
    {
        await queue.WhenIdleAsync();
        lock (_gate)
        {
            if (queue.IsClosedAndIdle && !_reserved.Contains(queue) && _queues.GetValueOrDefault(queue.RouteId) == queue)
            {
                _queues.Remove(queue.RouteId);
                queue.Dispose();
            }
        }
    }

    private LockQueue? FindQueue(string routeId)
    {
        lock (_gate)
        {
            return _queues.GetValueOrDefault(routeId);
        }
    }

    private List<LockQueue> Queues()
    {
        lock (_gate)
        {
            return [.. _queues.Values];
        }
    }
}
