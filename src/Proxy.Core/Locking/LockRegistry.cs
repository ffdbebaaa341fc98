namespace Proxy.Locking;

/// <summary>The locks of all routes: what operators see and do, and what outlives edits.</summary>
public sealed class LockRegistry : IDisposable
{
    // A process that is killed may take seconds.
    private static readonly TimeSpan _killLimit = TimeSpan.FromSeconds(6);

    private readonly Lock _gate = new(); // guards _queues
    private readonly Dictionary<string, LockQueue> _queues = new(StringComparer.OrdinalIgnoreCase);
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

    /// <summary>Stops admitting, or goes on. Those who are served are left alone, those who wait go on waiting.</summary>
    /// <param name="routeId">The route.</param>
    /// <param name="paused">Whether to pause.</param>
    /// <returns>False when the route has no lock.</returns>
    public bool TryPause(string routeId, bool paused)
    {
        var queue = FindQueue(routeId);
        queue?.Pause(paused);
        return queue is not null;
    }

    /// <summary>Changes the number of permits until the next edit. Fewer cut nobody off.</summary>
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

    /// <summary>Puts a route's settings to use, and returns what its connections run.</summary>
    internal LockMiddleware Use(string routeId, string scope, LockSettings settings)
    {
        LockQueue? queue;
        lock (_gate)
        {
            if (!_queues.TryGetValue(routeId, out queue))
            {
                var store = _stores.First(store => store.Name.Equals(scope, StringComparison.OrdinalIgnoreCase));
                queue = new LockQueue(routeId, settings, store, _time);
                _queues.Add(routeId, queue);
            }

            queue.Use(settings);
        }

        return new LockMiddleware(queue, _metrics, _time, _stopped.Token);
    }

    /// <summary>Closes the locks of all other routes; they are forgotten when the last permit is back.</summary>
    internal void Retain(IReadOnlyCollection<string> routeIds)
    {
        foreach (var queue in Queues().Where(queue => !routeIds.Contains(queue.RouteId, StringComparer.OrdinalIgnoreCase)))
        {
            queue.Close();
            _ = ForgetAsync(queue);
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

    private async Task ForgetAsync(LockQueue queue)
    {
        await queue.WhenIdleAsync();
        lock (_gate)
        {
            if (queue.IsClosedAndIdle && _queues.GetValueOrDefault(queue.RouteId) == queue)
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
