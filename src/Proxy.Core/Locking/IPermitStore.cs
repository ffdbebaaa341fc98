namespace Proxy.Locking;

/// <summary>Where permits are kept: on this host, or in an engine that several hosts share. Selected by <c>Lock:Scope</c>.</summary>
internal interface IPermitStore
{
    /// <summary>The name in the configuration.</summary>
    string Name { get; }

    /// <summary>Opens the permits of a route.</summary>
    /// <param name="routeId">The id of the route.</param>
    /// <param name="available">
    /// Called from any thread, but within no call of the permits, when a permit may be available to a client that waits and was refused one, unless that follows
    /// from a call of the queue itself, as from <see cref="IPermits.Return"/>.
    /// </param>
    /// <returns>The permits. Disposing them returns those that are held, and ends what is lined up.</returns>
    IPermits Open(string routeId, Action available);
}
