using Proxy.Diagnostics;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters.Health;

/// <summary>Records since when passive health takes a destination out, which YARP does not keep.</summary>
internal sealed class RecordedHealthUpdater(IDestinationHealthUpdater inner, RecentOutcomes recent) : IDestinationHealthUpdater
{
    /// <inheritdoc />
    public void SetActive(ClusterState cluster, IEnumerable<NewActiveDestinationHealth> newHealthPairs) =>
        inner.SetActive(cluster, newHealthPairs);

    /// <inheritdoc />
    public void SetPassive(ClusterState cluster, DestinationState destination, DestinationHealth newHealth, TimeSpan reactivationPeriod)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(destination);
        if (newHealth == DestinationHealth.Unhealthy)
        {
            recent.Of(cluster.ClusterId, destination.DestinationId).TakenOut.Failed();
        }
        else
        {
            recent.Find(cluster.ClusterId, destination.DestinationId)?.TakenOut.Succeeded();
        }

        inner.SetPassive(cluster, destination, newHealth, reactivationPeriod);
    }
}
