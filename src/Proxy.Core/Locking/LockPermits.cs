namespace Proxy.Locking;

/// <summary>The permits of one lock, as its queue uses them: each client keeps its own ticket. Guarded by the queue's lock.</summary>
internal sealed class LockPermits : IDisposable
{
    private readonly IPermits _permits;

    public LockPermits(IPermitStore store, string routeId, LockSettings settings, Action available)
    {
        StoreName = store.Name;
        _permits = store.Open(routeId, available);
        _permits.Apply(settings);
    }

    /// <summary>The name of the store.</summary>
    public string StoreName { get; }

    public void LineUp(LockWaiter waiter) => waiter.Ticket = _permits.LineUp(waiter.Record);

    public bool TryTake(LockWaiter waiter, int maximum) => _permits.TryTake(waiter.Ticket, maximum);

    public void Leave(LockWaiter waiter) => _permits.Leave(waiter.Ticket);

    public void Return(LockWaiter waiter) => _permits.Return(waiter.Ticket);

    /// <summary>Takes the clients of another store over: those that hold a permit count here, too, and the others line up in their order.</summary>
    public void TakeOver(LockPermits old, IEnumerable<LockWaiter> holding, IEnumerable<LockWaiter> waiting)
    {
        foreach (var waiter in holding)
        {
            old.Return(waiter);
            waiter.Ticket = _permits.Adopt(waiter.Record);
        }

        foreach (var waiter in waiting)
        {
            old.Leave(waiter);
            LineUp(waiter);
        }
    }

    public void Apply(LockSettings settings) => _permits.Apply(settings);

    public void Pause(bool paused) => _permits.Pause(paused);

    public SharedLockStatus? Describe(int maximum, bool withHolders) => _permits.Describe(maximum, withHolders);

    public void Dispose() => _permits.Dispose();
}
