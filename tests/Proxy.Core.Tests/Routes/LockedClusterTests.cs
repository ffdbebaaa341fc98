using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels;
using Proxy.Clusters;
using Proxy.Clusters.Health;
using Proxy.Clusters.LoadBalancing;
using Proxy.Clusters.Resolution;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Core.Tests.Clusters;
using Proxy.Core.Tests.Clusters.Health;
using Proxy.Core.Tests.Tls;
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
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);
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
        await FailAsync(_server);

        Assert.True(_server.Disposed);
    }

    [Theory]
    [InlineData(RelayedPair.Portable)]
    [InlineData(RelayedPair.Loops)]
    public async Task Forward_LockFailsWhileAChildProcessHasACopy_ServerIsResetAtOnce(string transport)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        IConnectionListenerFactory factory =
            transport == RelayedPair.Loops
                ? new EpollTransportFactory(new(_loops, new BufferPool()))
                : new SocketTransportFactory(new BufferPool(), _clock, TimeProvider.System);
        var (server, ours) = await Loopback.ConnectAsync(factory);
        using var copy = new DescriptorCopy(ours.Features.Get<IConnectionSocketFeature>()!.Socket);

        await FailAsync(ours);

        Assert.True((await server.ReadToEndAsync()).Reset);
        server.Dispose();
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _metrics.Dispose();
        _clock.Dispose();
        _loops.Dispose();
        await _client.DisposeAsync();
        await _server.DisposeAsync();
        await _services.DisposeAsync();
    }

    /// <summary>Connects the server; the lock fails when it is told.</summary>
    private async Task FailAsync(ConnectionContext server)
    {
        var record = new ConnectionRecord(_client, "endpoint", "", TimeProvider.System);
        _client.Features.Set(record);
        using var destination = _cluster.Pick(record, out _)!;
        var forwarding = destination.ForwardAsync(_client, static () => throw new InvalidOperationException("ordered"));
        (await _dials.WaitAsync(1)).Succeed(server);
        await Assert.ThrowsAsync<InvalidOperationException>(() => forwarding.WaitAsync(Eventually.Limit));
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
