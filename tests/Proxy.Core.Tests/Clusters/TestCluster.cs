using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.Clusters;

/// <summary>Makes YARP's state of a cluster by hand.</summary>
internal static class TestCluster
{
    private static readonly HttpMessageInvoker _unused = new(new SocketsHttpHandler());

    public static ClusterState Create(string? policy, params string[] ids) =>
        Create(
            new ClusterConfig
            {
                ClusterId = "cluster",
                LoadBalancingPolicy = policy,
                Destinations = ids.ToDictionary(static id => id, static id => new DestinationConfig { Address = $"tcp://{id}.test:1" }),
            }
        );

    public static ClusterState Create(ClusterConfig config, HttpMessageInvoker? client = null)
    {
        var all = (config.Destinations ?? new Dictionary<string, DestinationConfig>())
            .Select(static pair => new DestinationState(pair.Key, new DestinationModel(pair.Value)))
            .ToList();
        var cluster = new ClusterState(config.ClusterId, new ClusterModel(config, client ?? _unused)) { DestinationsState = new(all, all) };
        all.ForEach(destination => cluster.Destinations[destination.DestinationId] = destination);
        return cluster;
    }

    public static DestinationState Destination(this ClusterState cluster, string id) =>
        cluster.DestinationsState.AllDestinations.Single(destination => destination.DestinationId == id);

    public static void SetAvailable(this ClusterState cluster, params string[] ids) =>
        cluster.DestinationsState = new(cluster.DestinationsState.AllDestinations, [.. ids.Select(cluster.Destination)]);
}
