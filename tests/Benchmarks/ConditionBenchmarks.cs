using System.Diagnostics.CodeAnalysis;
using System.Text;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Proxy.Conditions.Rules;
using Proxy.Configuration;
using Proxy.Diagnostics;
using Proxy.Revisions;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace Proxy.Benchmarks;

/// <summary>Derives all conditions of a configuration with so many routes and clusters, as the dashboard and readiness do.</summary>
public class ConditionBenchmarks
{
    private ServiceProvider _provider = null!;
    private ConditionRegistry _conditions = null!;

    [Params(1_000)]
    public int Routes { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        var routes = string.Join(
            ',',
            Enumerable.Range(0, Routes).Select(static i => $$""" "r{{i}}": { "Listen": "unix:/run/bench/{{i}}", "ClusterId": "c{{i}}" } """)
        );
        var clusters = string.Join(
            ',',
            Enumerable
                .Range(0, Routes)
                .Select(static i => $$""" "c{{i}}": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } } """)
        );
        var json = $$""" { "ReverseProxy": { "TcpRoutes": { {{routes}} }, "Clusters": { {{clusters}} } } } """;
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        var read = TcpProxyExtensions.Check(new ConfigurationBuilder().AddJsonStream(stream).Build());
        var revision = read.Revision ?? throw new InvalidOperationException("The configuration is wrong.");
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(new AccessLog(TextWriter.Null));
        services.AddTcpProxy().LoadDocument(new ConfigurationRoot([]));
        services.Replace(ServiceDescriptor.Singleton<IProxyStateLookup>(new Clusters(revision)));
        _provider = services.BuildServiceProvider();
        _provider.GetRequiredService<ProxyStatus>().Update(state => state with { Running = revision });
        _conditions = _provider.GetRequiredService<ConditionRegistry>();
        if (Read() < 3 * Routes)
        {
            // Each route, its cluster and that one's destination have one.
            throw new InvalidOperationException("Conditions are missing.");
        }
    }

    [Benchmark]
    public int Read() => _conditions.Read().Count;

    [GlobalCleanup]
    public void End() => _provider.DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>The state of the clusters, which YARP would make when it runs the configuration.</summary>
    private sealed class Clusters(Revision revision) : IProxyStateLookup
    {
        private static readonly HttpMessageInvoker _unused = new(new SocketsHttpHandler());
        private readonly Dictionary<string, ClusterState> _states = revision.Clusters.ToDictionary(
            static config => config.ClusterId,
            static config => Create(config)
        );

        public bool TryGetRoute(string id, [NotNullWhen(true)] out RouteModel? route) => (route = null) is not null;

        public IEnumerable<RouteModel> GetRoutes() => [];

        public bool TryGetCluster(string id, [NotNullWhen(true)] out ClusterState? cluster) => _states.TryGetValue(id, out cluster);

        public IEnumerable<ClusterState> GetClusters() => _states.Values;

        private static ClusterState Create(ClusterConfig config)
        {
            var cluster = new ClusterState(config.ClusterId, new ClusterModel(config, _unused));
            foreach (var (id, destination) in config.Destinations!)
            {
                cluster.Destinations[id] = new DestinationState(id, new DestinationModel(destination));
            }

            cluster.DestinationsState = new([.. cluster.Destinations.Values], [.. cluster.Destinations.Values]);
            return cluster;
        }
    }
}
