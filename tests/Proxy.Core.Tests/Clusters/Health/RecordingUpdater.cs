using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.Clusters.Health;

/// <summary>Keeps what passive health is told, and changes nothing.</summary>
internal sealed class RecordingUpdater : IDestinationHealthUpdater
{
    public List<(string Id, DestinationHealth Health, TimeSpan Period)> Updates { get; } = [];

    public void SetActive(ClusterState cluster, IEnumerable<NewActiveDestinationHealth> newHealthPairs) =>
        throw new NotSupportedException();

    public void SetPassive(ClusterState cluster, DestinationState destination, DestinationHealth newHealth, TimeSpan reactivationPeriod) =>
        Updates.Add((destination.DestinationId, newHealth, reactivationPeriod));
}
