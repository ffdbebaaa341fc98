using Proxy.Clusters;
using Proxy.Configuration;
using Proxy.Multiplexing;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Modbus;
using Yarp.ReverseProxy;

namespace Proxy;

/// <summary>Makes the handlers of a revision's Multiplex routes, and tells the sessions behind them what it says of their destinations.</summary>
internal sealed class MultiplexRouteFactory(MultiplexServices services, FramerRegistry framers, IProxyStateLookup clusters)
{
    /// <summary>Lets the sessions follow a revision.</summary>
    public void Use(Revision revision)
    {
        var config = revision.Config.ReverseProxy;
        var used = config
            .TcpRoutes.Values.Where(static route => route.Mode == TcpMode.Multiplex)
            .SelectMany(static route =>
                (route.Multiplex?.Modbus?.Units.Values ?? []).Select(static unit => unit.ClusterId).Append(route.ClusterId)
            )
            .OfType<string>()
            .Distinct(StringComparer.OrdinalIgnoreCase);
        services.Registry.Use([.. used.Select(id => Cluster(id, config.Clusters[id]))]);
    }

    /// <summary>The handler of a route, after <see cref="Use"/>.</summary>
    public MultiplexHandler Create(TcpRouteConfig route, Revision revision)
    {
        var config = route.Multiplex ?? new();
        var modbus = config.Modbus is null ? null : new ModbusPolicy(config.Modbus);
        var client = new ClientSettings
        {
            QueueTimeout = config.QueueTimeout,
            QueueLimit = config.QueueLimit,
            Deadlines = PipelineBuilder.RelayOptionsOf(route),
            Modbus = modbus,
        };
        var units = (modbus?.Units.Values ?? [])
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .ToDictionary(static id => id, id => Target(id, revision), StringComparer.OrdinalIgnoreCase);
        var target = Target(route.ClusterId!, revision);
        return new(new(target, units, Framer(config, target.Settings), client, PipelineBuilder.KeepAliveOf(route)), services);
    }

    // What the destination speaks is known by its session, which may have it from an earlier revision.
    private IMessageFramer? Framer(MultiplexConfig config, UpstreamSettings settings) =>
        config.Protocol is { } name
        && !name.Equals(settings.Framer.Name, StringComparison.OrdinalIgnoreCase)
        && framers.TryFind(name, out var framer)
            ? framer
            : null;

    private MultiplexTarget Target(string clusterId, Revision revision)
    {
        var section = revision.Config.ReverseProxy.Clusters[clusterId];
        return new(new ClusterReference(clusterId, clusters), Settings(clusterId, section));
    }

    private MultiplexedCluster Cluster(string id, ClusterSection section) =>
        new(
            id,
            Settings(id, section),
            section.Destinations.ToDictionary(static pair => pair.Key, static pair => pair.Value.Address, StringComparer.OrdinalIgnoreCase)
        );

    private UpstreamSettings Settings(string clusterId, ClusterSection section) =>
        UpstreamSettings.Create(
            section.Multiplex ?? new(),
            PipelineBuilder.ClusterSettingsOf(section) with
            {
                MaxConnectionsPerDestination = null,
            },
            framers,
            services.Registry.SettingsOf(clusterId)
        );
}
