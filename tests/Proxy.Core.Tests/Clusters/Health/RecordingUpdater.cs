using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.Clusters.Health;

/// <summary>Keeps what passive health is told, and sets active health.</summary>
internal sealed class RecordingUpdater : IDestinationHealthUpdater
{
    public List<(string Id, DestinationHealth Health, TimeSpan Period)> Updates { get; } = [];

    // Active health is set, since the policy goes on from there.
    public void SetActive(ClusterState cluster, IEnumerable<NewActiveDestinationHealth> newHealthPairs)
    {
        foreach (var pair in newHealthPairs)
        {
            pair.Destination.Health.Active = pair.NewActiveHealth;
        }
    }

    public void SetPassive(ClusterState cluster, DestinationState destination, DestinationHealth newHealth, TimeSpan reactivationPeriod) =>
        Updates.Add((destination.DestinationId, newHealth, reactivationPeriod));
}
