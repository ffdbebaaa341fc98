using Proxy.Diagnostics;

namespace Proxy.Locking;

/// <summary>The permits of one route. No call waits, and none calls back. Calls come in the order of the queue, one at a time.</summary>
internal interface IPermits : IDisposable
{
    /// <summary>Adds a client that has come, behind all others. Whether it may take a permit at once is asked next.</summary>
    /// <param name="client">The client.</param>
    /// <returns>Its ticket; null from a store that needs none, to which null stands for every client.</returns>
    PermitTicket? LineUp(ConnectionRecord client);

    /// <summary>Takes a permit for the client that has waited longest.</summary>
    /// <param name="ticket">Its ticket; null in a store that needs none.</param>
    /// <param name="maximum">The number of permits as configured now; at least 1.</param>
    /// <returns>False if there is none for it now. Whoever waits is asked for again when there may be one.</returns>
    bool TryTake(PermitTicket? ticket, int maximum);

    /// <summary>Removes a client that waits no longer and has taken no permit.</summary>
    void Leave(PermitTicket? ticket);

    /// <summary>Returns a permit. One that was lost is returned as well, once its client has gone: until then it counts on this host.</summary>
    void Return(PermitTicket? ticket);

    /// <summary>Counts a client that is served already, since its permit is from elsewhere, as where the scope of the lock was edited.</summary>
    /// <param name="client">The client.</param>
    /// <returns>Its ticket, which is to be returned.</returns>
    PermitTicket? Adopt(ConnectionRecord client);

    /// <summary>Applies the settings of the newest revision.</summary>
    void Apply(LockSettings settings);

    /// <summary>Tells that an operator has paused admission here, or resumed it.</summary>
    void Pause(bool paused);

    /// <summary>What is known of the clients of all hosts; null from a store of this host alone.</summary>
    /// <param name="maximum">The number of permits as configured now.</param>
    /// <param name="withHolders">Whether to list the holders of other hosts.</param>
    SharedLockStatus? Describe(int maximum, bool withHolders);
}
