using Microsoft.AspNetCore.Connections;
using Proxy.Clusters;
using Proxy.Configuration;
using Proxy.Multiplexing;
using Yarp.ReverseProxy;

namespace Proxy;

/// <summary>Builds routes with Mode Multiplex. The sessions behind them outlive edits.</summary>
internal sealed class MultiplexRouteFactory(MultiplexServices services, FramerRegistry framers, IProxyStateLookup clusters) : IRouteFactory
{
    private readonly MultiplexServices _services = services;

    public bool Builds(TcpRouteConfig route) => route is { Connector: null, Mode: TcpMode.Multiplex };

    public IRouteSet Begin(Revision revision) => new Routes(this, revision);

    private MultiplexHandler Handler(TcpRouteConfig route, Routes routes)
    {
        var config = route.Multiplex ?? new();
        var modbus = config.Modbus is null ? null : new ModbusPolicy(config.Modbus);
        var client = new ClientSettings
        {
            QueueTimeout = config.QueueTimeout,
            QueueLimit = config.QueueLimit,
            Deadlines = RouteSettings.Relay(route),
            Modbus = modbus,
        };
        var units = (modbus?.Units.Values ?? [])
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .ToDictionary(static id => id, id => Target(id, routes), StringComparer.OrdinalIgnoreCase);
        var target = Target(route.ClusterId!, routes);
        return new(new(target, units, Framer(config, target.Settings), client, RouteSettings.KeepAlive(route)), _services);
    }

    // What the destination speaks is known by its session, which may have it from an earlier revision.
    private IMessageFramer? Framer(MultiplexConfig config, UpstreamSettings settings) =>
        config.Protocol is { } name
        && !name.Equals(settings.Framer.Name, StringComparison.OrdinalIgnoreCase)
        && framers.TryFind(name, out var framer)
            ? framer
            : null;

    private MultiplexTarget Target(string clusterId, Routes routes) =>
        new(new ClusterReference(clusterId, clusters), routes.Cluster(clusterId).Settings);

    private MultiplexedCluster Cluster(string id, ClusterSection section) =>
        new(
            id,
            UpstreamSettings.Create(
                section.Multiplex ?? new(),
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
        private readonly Dictionary<string, MultiplexedCluster> _clusters = new(StringComparer.OrdinalIgnoreCase);

        public ConnectionDelegate Build(string id, TcpRouteConfig route) => factory.Handler(route, this).OnConnectedAsync;

        /// <summary>A cluster that a route uses: one for all of them, as its sessions are.</summary>
        public MultiplexedCluster Cluster(string id)
        {
            if (!_clusters.TryGetValue(id, out var cluster))
            {
                cluster = factory.Cluster(id, revision.Config.ReverseProxy.Clusters[id]);
                _clusters.Add(id, cluster);
            }

            return cluster;
        }

        public void Use() => factory._services.Registry.Use([.. _clusters.Values]);

        public void GiveUp() { }
    }
}
