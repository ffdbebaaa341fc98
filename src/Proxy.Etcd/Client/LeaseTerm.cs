namespace Proxy.Etcd.Client;

/// <summary>One lease, from its grant to its end. Its time counts from when the last successful renewal was sent, so it ends here before it does there.</summary>
internal abstract class LeaseTerm
{
    /// <summary>How long before the deadline <see cref="NearEnd"/> is cancelled.</summary>
    public static TimeSpan Margin { get; } = TimeSpan.FromSeconds(2);

    /// <summary>The id of the lease, which is not 0.</summary>
    public abstract long Id { get; }

    /// <summary>How long it goes on without another renewal, by a clock that also runs while the machine or the process is suspended; not negative.</summary>
    public abstract TimeSpan Left { get; }

    /// <summary>
    /// Cancelled once <see cref="Margin"/> or less is left: what only one host may do at a time has to end. A token that is cancelled stays so; after a renewal
    /// there is another one, for what begins then.
    /// </summary>
    public abstract CancellationToken NearEnd { get; }

    /// <summary>Cancelled when the lease has ended, or the engine no longer knows it: keys that belong to it are gone, or will be.</summary>
    public abstract CancellationToken Ended { get; }
}
