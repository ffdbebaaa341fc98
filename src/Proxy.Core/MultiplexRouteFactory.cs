using Proxy.Clusters;
using Proxy.Configuration;
using Proxy.Multiplexing;
using Proxy.Multiplexing.Framing;
using Yarp.ReverseProxy;

namespace Proxy;

/// <summary>Makes the handlers of a revision's Multiplex routes, and tells the sessions behind them what it says of their destinations.</summary>
internal sealed class MultiplexRouteFactory(MultiplexServices services, FramerRegistry framers, IProxyStateLookup clusters)
{
    /// <summary>Lets the sessions follow a revision.</summary>
    public void Use(Revision revision)
    {
        var used = revision
            .Config.ReverseProxy.TcpRoutes.Values.Where(static route => route.Mode == TcpMode.Multiplex)
            .SelectMany(static route => Others(route).Append(route.ClusterId))
            .OfType<string>()
            .Distinct(StringComparer.OrdinalIgnoreCase);
        services.Registry.Use([.. used.Select(id => Cluster(id, revision))]);
    }

    /// <summary>The handler of a route, after <see cref="Use"/>.</summary>
    public MultiplexHandler Create(TcpRouteConfig route, Revision revision)
    {
        var config = route.Multiplex ?? new();
        var others = Others(route)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .ToDictionary(static id => id, id => Cluster(id, revision), StringComparer.OrdinalIgnoreCase);
        var cluster = Cluster(route.ClusterId!, revision);
        return new(
            new(
                cluster,
                others,
                Framer(config, cluster.Settings),
                config,
                PipelineBuilder.RelayOptionsOf(route),
                PipelineBuilder.KeepAliveOf(route)
            ),
            services
        );
    }

    // The clusters that serve units of a route.
    private static IEnumerable<string> Others(TcpRouteConfig route) =>
        (route.Multiplex?.Modbus?.Units.Values ?? []).Select(static unit => unit.ClusterId);

    // What the destination speaks is known by its session, which may have it from an earlier revision.
    private IMessageFramer? Framer(MultiplexConfig config, UpstreamSettings settings) =>
        config.Protocol is { } name
        && !name.Equals(settings.Framer.Name, StringComparison.OrdinalIgnoreCase)
        && framers.TryFind(name, out var framer)
            ? framer
            : null;

    private MultiplexCluster Cluster(string id, Revision revision)
    {
        var section = revision.Config.ReverseProxy.Clusters[id];
        return new(
            new ClusterReference(id, clusters),
            Settings(id, section),
            section.Destinations.ToDictionary(static pair => pair.Key, static pair => pair.Value.Address, StringComparer.OrdinalIgnoreCase)
        );
    }

    private UpstreamSettings Settings(string clusterId, ClusterSection section) =>
        UpstreamSettings.Create(
            section with
            {
                Tcp = section.Tcp with { MaxConnectionsPerDestination = null }, // clients share its connections
            },
            framers,
            services.Registry.SettingsOf(clusterId)
        );
}
