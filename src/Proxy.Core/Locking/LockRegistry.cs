namespace Proxy.Locking;

/// <summary>The locks of all routes: what operators see and do, and what outlives edits.</summary>
public sealed class LockRegistry : IDisposable
{
    // A process that is killed may take seconds.
    private static readonly TimeSpan _killLimit = TimeSpan.FromSeconds(6);

    private readonly Lock _gate = new(); // guards _queues and _reserved
    private readonly Dictionary<string, LockQueue> _queues = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<LockQueue> _reserved = []; // which a revision that is being applied may want: they are not forgotten
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

    /// <summary>All locks.</summary>
    /// <returns>What they look like now, by route.</returns>
    public IReadOnlyList<LockStatus> List() =>
        [
            .. Queues()
                .Select(static queue => queue.Describe())
                .OrderBy(static lockStatus => lockStatus.RouteId, StringComparer.OrdinalIgnoreCase),
        ];

    /// <summary>One lock.</summary>
    /// <param name="routeId">Its route.</param>
    /// <returns>What it looks like now; null when the route has none.</returns>
    public LockStatus? Find(string routeId) => FindQueue(routeId)?.Describe();

    /// <summary>Stops admitting, or goes on. Clients that are served are left alone, waiting clients go on waiting.</summary>
    /// <param name="routeId">The route.</param>
    /// <param name="paused">Whether to pause.</param>
    /// <returns>False when the route has no lock.</returns>
    public bool TryPause(string routeId, bool paused)
    {
        var queue = FindQueue(routeId);
        queue?.Pause(paused);
        return queue is not null;
    }

    /// <summary>Changes the number of permits until the next edit. Fewer permits end no connection.</summary>
    /// <param name="routeId">The route.</param>
    /// <param name="permits">At least 1.</param>
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

    /// <summary>Builds a route's lock without putting it to use; to use, or to give up. One revision reserves at a time.</summary>
    internal LockReservation Reserve(string routeId, string scope, LockSettings settings)
    {
        lock (_gate)
        {
            var isKnown = _queues.TryGetValue(routeId, out var queue);
            queue ??= new LockQueue(routeId, settings, Store(scope), _time);
            if (isKnown)
            {
                _reserved.Add(queue);
            }

            return new(queue, !isKnown, settings, new LockMiddleware(queue, _metrics, _time, _stopped.Token));
        }
    }

    /// <summary>Puts a revision's locks to use, and closes all others: they are forgotten when the last permit is back.</summary>
    /// <exception cref="AggregateException">Some did not follow; all others did.</exception>
    internal void Use(IReadOnlyCollection<LockReservation> locks)
    {
        lock (_gate)
        {
            foreach (var one in locks)
            {
                _queues[one.Queue.RouteId] = one.Queue;
            }

            _reserved.Clear();
        }

        var failures = new List<Exception>();
        var used = locks.ToDictionary(static one => one.Queue, static one => one.Settings);
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

        if (failures.Count > 0)
        {
            throw new AggregateException(failures);
        }
    }

    /// <summary>Gives up what was reserved: all goes on as before.</summary>
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
                _ = ForgetAsync(one.Queue); // which left it alone while it was reserved
            }
        }
    }

    /// <summary>Waits until no permit is held, so that hooks run to their end; when that takes too long, they are ended, and that is awaited.</summary>
    internal async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await WhenIdleAsync().WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // They are ended now.
        }

        await _stopped.CancelAsync();
        try
        {
            await WhenIdleAsync().WaitAsync(_killLimit, _time, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            // Something does not die; the hook's log says so.
        }
    }

    private Task WhenIdleAsync() => Task.WhenAll(Queues().Select(static queue => queue.WhenIdleAsync()));

    private void Follow(LockQueue queue, LockSettings? settings)
    {
        if (settings is not null)
        {
            queue.Use(settings);
            return;
        }

        queue.Close();
        _ = ForgetAsync(queue);
    }

    private IPermitStore Store(string scope) => _stores.First(store => store.Name.Equals(scope, StringComparison.OrdinalIgnoreCase));

    // One that is in use stays.
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
