using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels;
using Proxy.Clusters;
using Proxy.Clusters.Health;
using Proxy.Clusters.LoadBalancing;
using Proxy.Clusters.Resolution;
using Proxy.Connections;
using Proxy.Core.Tests.Clusters;
using Proxy.Core.Tests.Clusters.Health;
using Proxy.Diagnostics;
using Proxy.Forwarding;
using Proxy.Routes;
using Proxy.Timing;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.Routes;

public sealed class LockedClusterTests : IAsyncLifetime
{
    private readonly FakeDials _dials = new();
    private readonly FakeConnection _client = new();
    private readonly FakeConnection _server = new();
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ProxyMetrics _metrics;
    private readonly LockedCluster _cluster;

    public LockedClusterTests()
    {
        _metrics = new ProxyMetrics(new ProxyMeter(_services.GetRequiredService<IMeterFactory>()), new ConnectionTracker());
        var dialer = new Dialer(
            new DestinationPicker([new FirstAlphabeticalPolicy()], TimeProvider.System),
            new AddressRace(
                _dials,
                new DestinationResolver(TimeProvider.System, static (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback])),
                TimeProvider.System
            ),
            TestOpening.Create(),
            new DialReports(new ConnectFailuresHealthPolicy(new RecordingUpdater()), _metrics, NullLogger<Dialer>.Instance),
            TimeProvider.System
        );
        var state = new Lookup(TestCluster.Create("FirstAlphabetical", "a"));
        _cluster = new(
            dialer,
            record => new ClusterEndPoint(new("cluster", state), new(), record),
            CallPipelines.WithoutTimeouts,
            new ForwardDependencies(new Relay(_clock), Random.Shared, TimeProvider.System)
        );
    }

    [Fact]
    public async Task Forward_LockFailsWhenItIsTold_ServersConnectionIsDisposed()
    {
        var record = new ConnectionRecord(_client, "endpoint", "", TimeProvider.System);
        _client.Features.Set(record);
        using var destination = _cluster.Pick(record, out _)!;
        var forwarding = destination.ForwardAsync(_client, static () => throw new InvalidOperationException("ordered"));
        (await _dials.WaitAsync(1)).Succeed(_server);

        await Assert.ThrowsAsync<InvalidOperationException>(() => forwarding.WaitAsync(Eventually.Limit));

        Assert.True(_server.Disposed);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _metrics.Dispose();
        _clock.Dispose();
        await _client.DisposeAsync();
        await _server.DisposeAsync();
        await _services.DisposeAsync();
    }

    private sealed class Lookup(ClusterState only) : IProxyStateLookup
    {
        public bool TryGetCluster(string id, [NotNullWhen(true)] out ClusterState? cluster) =>
            (cluster = id == only.ClusterId ? only : null) is not null;

        public IEnumerable<ClusterState> GetClusters() => [only];

        public bool TryGetRoute(string id, [NotNullWhen(true)] out RouteModel? route) => (route = null) is not null;

        public IEnumerable<RouteModel> GetRoutes() => [];
    }
}
