namespace Proxy.Locking;

/// <summary>Where permits are kept: on this host, or for all hosts that share an engine. Chosen by <c>Lock:Scope</c>.</summary>
internal interface IPermitStore
{
    /// <summary>The name in the configuration.</summary>
    string Name { get; }

    /// <summary>Opens the permits of a route.</summary>
    /// <param name="routeId">The route.</param>
    /// <param name="available">Called, from any thread, when a permit that was refused before may be taken now.</param>
    /// <returns>Its permits; disposing them gives back what is held.</returns>
    IPermits Open(string routeId, Action available);
}
