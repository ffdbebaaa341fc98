using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.Health;

/// <summary>
/// Takes drained destinations away before another policy chooses among the rest: one that falls back on unhealthy destinations
/// never falls back on those.
/// </summary>
internal sealed class UndrainedDestinationsPolicy(IAvailableDestinationsPolicy inner, DrainedDestinations drained)
    : IAvailableDestinationsPolicy
{
    /// <inheritdoc />
    public string Name => inner.Name;

    /// <inheritdoc />
    public IReadOnlyList<DestinationState> GetAvailalableDestinations(
        ClusterConfig config,
        IReadOnlyList<DestinationState> allDestinations
    ) => inner.GetAvailalableDestinations(config, drained.Without(config.ClusterId, allDestinations));
}
