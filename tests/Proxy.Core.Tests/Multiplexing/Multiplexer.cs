using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Proxy.Configuration;
using Proxy.Connections;
using Proxy.Core.Tests.Clusters;
using Proxy.Diagnostics;
using Proxy.Listeners;
using Proxy.Multiplexing;
using Proxy.Routes;
using Proxy.Timing;
using Proxy.Transports;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.Multiplexing;

/// <summary>The composition of the library on real sockets, with a configuration that a test edits and time that it moves.</summary>
internal sealed class Multiplexer : IAsyncDisposable
{
    private static readonly MultiplexStatus _none = new("", "", "", "", [], 0, [], [], TimeSpan.Zero, [], false);
    public const string Portable = "portable";
    public const string Loops = "event loops";

    private readonly ServiceProvider _services;
    private readonly Clusters _clusters = new();

    /// <param name="transport">Portable or Loops.</param>
    /// <param name="time">Time that the test moves.</param>
    /// <param name="dials">Takes the place of what dials, and gets it.</param>
    /// <param name="log">Gets the log.</param>
    /// <param name="add">Adds what an application adds.</param>
    public Multiplexer(
        string transport,
        TimeProvider? time = null,
        Func<IConnectionFactory, IConnectionFactory>? dials = null,
        ILoggerProvider? log = null,
        Action<TcpProxyBuilder>? add = null
    )
    {
        var services = new ServiceCollection();
        services.AddLogging(logging =>
        {
            if (log is not null)
            {
                logging.SetMinimumLevel(LogLevel.Trace).AddProvider(log);
            }
        });
        services.AddSingleton(time ?? RunningTime.OfProcess);
        services.AddSingleton(new TransportOptions { UseEventLoops = transport == Loops, Threads = 2 });
        services.AddSingleton(new AccessLog(TextWriter.Null));
        var builder = services.AddTcpProxy().LoadDocument(new ConfigurationRoot([])); // revisions are given to it one by one
        add?.Invoke(builder);
        services.Replace(ServiceDescriptor.Singleton<IProxyStateLookup>(_clusters));
        if (dials is not null)
        {
            services.Replace(ServiceDescriptor.Singleton(provider => dials(provider.GetRequiredService<Transport>().Dialer)));
        }

        _services = services.BuildServiceProvider();
    }

    public MultiplexRegistry Registry => _services.GetRequiredService<MultiplexRegistry>();

    public ConnectionTracker Tracker => _services.GetRequiredService<ConnectionTracker>();

    public T Service<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>The one session, or what it would say before it is there.</summary>
    public MultiplexStatus Status => Registry.Status is [] ? _none : Assert.Single(Registry.Status);

    /// <summary>A route "r" to a cluster "c" with one destination.</summary>
    public static string Json(int port, string cluster, string route = "", string more = "") =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Mode": "Multiplex", "Multiplex": { {{route}} } {{more}} } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{port}}" } }, "Multiplex": { {{cluster}} } } } } }
            """;

    public Task StartAsync(int port, string cluster, string route = "", string more = "") => EditAsync(Json(port, cluster, route, more));

    /// <summary>Runs a configuration as the host does.</summary>
    public async Task EditAsync(string json)
    {
        var revision = Read(json);
        _clusters.Use(revision);
        var listeners = _services.GetRequiredService<ListenerManager>();
        var pipelines = _services.GetRequiredService<PipelineBuilder>().Build(revision);
        var specs = revision.Bindings.Select(binding => new ListenerSpec(
            binding.Slot,
            new ListenEndPoint(new IPEndPoint(binding.Address.Address!, binding.Address.Port)) { InOrder = binding.InOrder },
            pipelines.Endpoints[binding.Slot]
        ));
        var bound = await listeners.BindAsync([.. specs], CancellationToken.None);
        foreach (var part in pipelines.Parts)
        {
            part.Commit();
        }

        listeners.Commit(bound);
    }

    public IPEndPoint Address(string key = "") =>
        (IPEndPoint)
            _services.GetRequiredService<ListenerManager>().Bound.First(pair => pair.Key.Contains(key, StringComparison.Ordinal)).Value;

    public async Task<MultiplexPeer> ConnectAsync(string key = "")
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(Address(key));
        return new MultiplexPeer(socket);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.GetRequiredService<ListenerManager>().StopAsync();
        foreach (var record in Tracker.Open)
        {
            record.Close(ConnectionOutcome.Drained);
        }

        await Tracker.WhenEmptyAsync().WaitAsync(Eventually.Limit);
        await _services.DisposeAsync();
    }

    private Revision Read(string json)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        var result = _services
            .GetRequiredService<RevisionReader>()
            .Read(new ConfigurationBuilder().AddJsonStream(stream).Build(), wholeDocument: true);
        Assert.Empty(result.Errors);
        return result.Revision!;
    }

    private sealed class Clusters : IProxyStateLookup
    {
        private ConcurrentDictionary<string, ClusterState> _states = new(StringComparer.OrdinalIgnoreCase);

        public void Use(Revision revision) =>
            _states = new(revision.Clusters.ToDictionary(static config => config.ClusterId, static config => TestCluster.Create(config)));

        public bool TryGetRoute(string id, [NotNullWhen(true)] out RouteModel? route) => (route = null) is not null;

        public IEnumerable<RouteModel> GetRoutes() => [];

        public bool TryGetCluster(string id, [NotNullWhen(true)] out ClusterState? cluster) => _states.TryGetValue(id, out cluster);

        public IEnumerable<ClusterState> GetClusters() => _states.Values;
    }
}
