using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.Health;

/// <summary>
/// Removes drained destinations before another policy chooses, so that a policy which falls back to unhealthy destinations does not choose
/// drained ones.
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
