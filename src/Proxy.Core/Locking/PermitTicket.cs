namespace Proxy.Locking;

/// <summary>The place of one client in a store of permits which keeps places of its own.</summary>
internal abstract class PermitTicket
{
    /// <summary>The fencing token: with one permit each holder of the lock has a greater one than those before it. 0 for none.</summary>
    public abstract long FencingToken { get; }

    /// <summary>Cancelled when a permit that was taken is lost: its client has to be reset before another host's client gets it.</summary>
    public abstract CancellationToken Lost { get; }

    /// <summary>The place among all clients of all hosts, from 0, those that hold permits included; null if it is not known yet.</summary>
    public abstract int? Rank { get; }
}
