using Microsoft.AspNetCore.Connections;
using Proxy.Clusters;
using Proxy.Configuration;
using Proxy.Configuration.Clusters;
using Proxy.Configuration.Multiplexing;
using Proxy.Configuration.Routes;
using Proxy.Multiplexing;
using Proxy.Multiplexing.Framing;
using Yarp.ReverseProxy;

namespace Proxy.Routes;

/// <summary>Builds routes with Mode Multiplex. Their sessions survive edits.</summary>
internal sealed class MultiplexRouteFactory(MultiplexDependencies services, FramerRegistry framers, IProxyStateLookup clusters)
    : IRouteFactory
{
    private readonly MultiplexDependencies _services = services;

    public bool Builds(TcpRouteConfig route) => route is { Connector: null, Mode: TcpMode.Multiplex };

    public IRouteSet Begin(Revision revision) => new Routes(this, revision);

    private MultiplexHandler Handler(TcpRouteConfig route, Routes routes)
    {
        var config = route.Multiplex ?? new();
        var others = (config.Modbus?.Units.Values ?? [])
            .Select(static unit => unit.ClusterId)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .ToDictionary(static id => id, routes.Cluster, StringComparer.OrdinalIgnoreCase);
        var cluster = routes.Cluster(route.ClusterId!);
        return new(
            new(cluster, others, Framer(config, cluster.Settings), config, RouteSettings.Relay(route), RouteSettings.KeepAlive(route)),
            _services
        );
    }

    // Null stands for the destination's protocol, which its session knows; the session may be from an earlier revision.
    private IMessageFramer? Framer(MultiplexConfig config, UpstreamSettings settings) =>
        config.Protocol is { } name
        && !name.Equals(settings.Framer.Name, StringComparison.OrdinalIgnoreCase)
        && framers.TryFind(name, out var framer)
            ? framer
            : null;

    private MultiplexCluster Cluster(string id, ClusterSection section) =>
        new(
            new ClusterReference(id, clusters),
            UpstreamSettings.Create(
                section with
                {
                    Tcp = section.Tcp with { MaxConnectionsPerDestination = null }, // clients share its connections
                },
                framers,
                _services.Registry.SettingsOf(id)
            ),
            section.Destinations.ToDictionary(static pair => pair.Key, static pair => pair.Value.Address, StringComparer.OrdinalIgnoreCase)
        );

    private sealed class Routes(MultiplexRouteFactory factory, Revision revision) : IRouteSet
    {
        private readonly Dictionary<string, MultiplexCluster> _clusters = new(StringComparer.OrdinalIgnoreCase);

        public ConnectionDelegate Build(string id, TcpRouteConfig route) => factory.Handler(route, this).OnConnectedAsync;

        /// <summary>The cluster of a route; one object for all routes, since they share its sessions.</summary>
        public MultiplexCluster Cluster(string id)
        {
            if (!_clusters.TryGetValue(id, out var cluster))
            {
                cluster = factory.Cluster(id, revision.Config.ReverseProxy.Clusters[id]);
                _clusters.Add(id, cluster);
            }

            return cluster;
        }

        public void Commit() => factory._services.Registry.Apply([.. _clusters.Values]);

        public void GiveUp() { }
    }
}
