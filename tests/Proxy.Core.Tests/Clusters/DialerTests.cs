using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proxy.Clusters;
using Proxy.Clusters.Health;
using Proxy.Clusters.LoadBalancing;
using Proxy.Clusters.Resolution;
using Proxy.Configuration.Clusters;
using Proxy.Connections;
using Proxy.Core.Tests.Clusters.Health;
using Proxy.Diagnostics;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.Clusters;

/// <summary>Destinations a, b and c have the addresses 10.0.0.1, 10.0.0.2 and 10.0.0.3, and are picked in that order.</summary>
public sealed class DialerTests : IAsyncLifetime
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(100);
    private readonly ManualTime _time = new();
    private readonly FakeDials _dials = new();
    private readonly RecordingUpdater _health = new();
    private readonly LogLines _logs = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeConnection _connection = new();
    private readonly ProxyMetrics _metrics;
    private readonly Dialer _dialer;

    public DialerTests()
    {
        _metrics = new ProxyMetrics(new ProxyMeter(_services.GetRequiredService<IMeterFactory>()), new ConnectionTracker());
        _dialer = new Dialer(
            new DestinationPicker([new FirstAlphabeticalPolicy()], TimeProvider.System),
            new AddressRace(_dials, new DestinationResolver(_time, static (host, _) => Task.FromResult(Resolve(host))), _time),
            TestOpening.Create(_time),
            new DialReports(new ConnectFailuresHealthPolicy(_health), _metrics, _logs.CreateLogger<Dialer>()),
            _time
        );
    }

    [Fact]
    public async Task Connect_FirstRefuses_AnotherIsDialedAndItsPlaceKeptUntilDisposed()
    {
        var cluster = Cluster("a", "b");
        using var endPoint = EndPoint(cluster);
        var dialing = DialAsync(endPoint);
        (await _dials.WaitAsync(1)).Refuse();
        (await _dials.WaitAsync(2)).Succeed(_connection);

        Assert.Same(_connection, await dialing);
        Assert.Equal(("cluster", "b"), (endPoint.Client.ClusterId, endPoint.Client.DestinationId));
        Assert.Equal((0, 1), (Load(cluster, "a"), Load(cluster, "b")));
        endPoint.Dispose();
        endPoint.Dispose();
        Assert.Equal((0, 0), (Load(cluster, "a"), Load(cluster, "b")));
    }

    [Fact]
    public async Task Connect_TheOnlyOneRefuses_TriedAgainAfterPausesThatDouble()
    {
        var cluster = Cluster("a");
        using var endPoint = EndPoint(cluster, new() { ConnectAttempts = 4, MaxConnectionsPerDestination = 1 });
        var dialing = DialAsync(endPoint);
        for (var attempt = 1; attempt <= 4; attempt++)
        {
            (await _dials.WaitAsync(attempt)).Refuse();
            if (attempt < 4)
            {
                var pause = _firstPause * Math.Pow(2, attempt - 1);
                await _time.WaitForTimerAsync(pause);
                _time.Advance(pause);
            }
        }

        var exception = await Assert.ThrowsAsync<DialFailedException>(() => dialing);

        Assert.Equal(ConnectionOutcome.ConnectFailed, exception.Outcome);
        Assert.IsType<SocketException>(exception.InnerException);
        Assert.Equal(4, _dials.Addresses.Count);
        endPoint.Dispose();
        Assert.Equal(0, Load(cluster, "a"));
    }

    [Fact]
    public async Task Connect_NoneAvailable_NoDestination()
    {
        var cluster = Cluster("a");
        cluster.SetAvailable();

        Assert.Equal(ConnectionOutcome.NoDestination, await FailAsync(EndPoint(cluster)));
        Assert.Empty(_dials.Addresses);
    }

    [Fact]
    public async Task Connect_ClusterThatYarpHasNever_NoDestination()
    {
        using var endPoint = new ClusterEndPoint(new("other", new Lookup(Cluster("a"))), new(), Record());

        Assert.Equal(ConnectionOutcome.NoDestination, await FailAsync(endPoint));
        Assert.Equal(ConnectionOutcome.NoDestination, _dialer.Pick(endPoint));
    }

    [Fact]
    public async Task Connect_AllPlacesTaken_LimitExceeded()
    {
        var cluster = Cluster("a");
        var settings = new TcpClusterConfig { MaxConnectionsPerDestination = 1 };
        using var first = EndPoint(cluster, settings);
        Assert.Null(_dialer.Pick(first));
        using var second = EndPoint(cluster, settings);

        Assert.Equal(ConnectionOutcome.LimitExceeded, await FailAsync(second));
        Assert.Equal(1, Load(cluster, "a"));
        first.Dispose();
        Assert.Null(_dialer.Pick(second));
    }

    [Fact]
    public async Task Connect_NoneIsLeftAfterAFailure_ConnectFailed()
    {
        var cluster = Cluster("a");
        using var endPoint = EndPoint(cluster);
        var dialing = DialAsync(endPoint);
        var first = await _dials.WaitAsync(1);
        cluster.SetAvailable();
        first.Refuse();

        Assert.Equal(ConnectionOutcome.ConnectFailed, (await Assert.ThrowsAsync<DialFailedException>(() => dialing)).Outcome);
    }

    [Fact]
    public async Task Connect_RefusedAndThenAnswered_HealthIsToldAndTheLogOncePerChange()
    {
        var cluster = Cluster("a");
        await FailAsync(EndPoint(cluster, new() { ConnectAttempts = 1 }), 1);
        await FailAsync(EndPoint(cluster, new() { ConnectAttempts = 1 }), 2);
        var dialing = DialAsync(EndPoint(cluster));
        (await _dials.WaitAsync(3)).Succeed(_connection);
        await dialing;

        Assert.Equal(
            [("a", DestinationHealth.Unhealthy), ("a", DestinationHealth.Unhealthy)],
            _health.Updates.Select(static update => (update.Id, update.Health))
        );
        Assert.Collection(
            _logs.All,
            static line =>
                Assert.StartsWith(
                    "Warning: Cluster cluster: destination a at tcp://a.test:1 cannot be connected: ",
                    line,
                    StringComparison.Ordinal
                ),
            static line => Assert.Equal("Information: Cluster cluster: destination a at tcp://a.test:1 answers again.", line)
        );
    }

    [Fact]
    public async Task Connect_NoDescriptorLeft_SaysNothingOfTheDestinationsHealth()
    {
        await FailAsync(EndPoint(Cluster("a"), new() { ConnectAttempts = 1 }), 1, SocketError.TooManyOpenSockets);

        Assert.Empty(_health.Updates);
    }

    [Fact]
    public async Task Connect_NoLocalPortLeft_SaysSoAndNothingOfTheDestinationsHealth()
    {
        using var endPoint = EndPoint(Cluster("a"), new() { ConnectAttempts = 1 });
        var dialing = DialAsync(endPoint);
        var full = NoLocalPortException.Explain(
            new SocketException((int)SocketError.AddressNotAvailable),
            new IPEndPoint(IPAddress.Loopback, 7)
        );
        (await _dials.WaitAsync(1)).Answer.SetException(full);

        Assert.Equal(ConnectionOutcome.ConnectFailed, (await Assert.ThrowsAsync<DialFailedException>(() => dialing)).Outcome);
        Assert.Empty(_health.Updates);
        Assert.Contains("no local port is left towards 127.0.0.1:7", Assert.Single(_logs.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_NoAnswerWithinTheTimeout_AnotherIsDialed()
    {
        using var endPoint = EndPoint(Cluster("a", "b"), new() { ConnectTimeout = TimeSpan.FromSeconds(3) });
        var dialing = DialAsync(endPoint);
        await _dials.WaitAsync(1);
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(3));
        _time.Advance(TimeSpan.FromSeconds(3));
        (await _dials.WaitAsync(2)).Succeed(_connection);

        Assert.Same(_connection, await dialing);
        Assert.Equal("a", Assert.Single(_health.Updates).Id);
    }

    [Fact]
    public async Task Connect_CancelledWhileDialing_SaysNothingOfTheDestination()
    {
        var cluster = Cluster("a");
        using var cancel = new CancellationTokenSource();
        using var endPoint = EndPoint(cluster);
        var dialing = _dialer.ConnectAsync(endPoint, cancel.Token).AsTask();
        await _dials.WaitAsync(1);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dialing);
        Assert.Empty(_health.Updates);
        Assert.Empty(_logs.All);
        endPoint.Dispose();
        Assert.Equal(0, Load(cluster, "a"));
    }

    [Fact]
    public async Task Connect_CancelledInThePause_Ends()
    {
        using var cancel = new CancellationTokenSource();
        var dialing = _dialer.ConnectAsync(EndPoint(Cluster("a")), cancel.Token).AsTask();
        (await _dials.WaitAsync(1)).Refuse();
        await _time.WaitForTimerAsync(_firstPause);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dialing);
        Assert.Single(_dials.Addresses);
    }

    [Fact]
    public async Task Pick_ThenItRefuses_NoOtherIsDialed()
    {
        var cluster = Cluster("a", "b");
        using var endPoint = EndPoint(cluster, new() { ConnectAttempts = 2 });
        Assert.Null(_dialer.Pick(endPoint));
        Assert.Equal(("a", 1), (endPoint.Picked?.DestinationId, Load(cluster, "a")));

        var dialing = DialAsync(endPoint);
        (await _dials.WaitAsync(1)).Refuse();
        await _time.WaitForTimerAsync(_firstPause);
        _time.Advance(_firstPause);
        (await _dials.WaitAsync(2)).Refuse();

        Assert.Equal(ConnectionOutcome.ConnectFailed, (await Assert.ThrowsAsync<DialFailedException>(() => dialing)).Outcome);
        Assert.Equal(["10.0.0.1:1", "10.0.0.1:1"], _dials.Addresses);
        Assert.Equal(1, Load(cluster, "a"));
    }

    [Fact]
    public async Task Connect_OneDestination_DialedOnceAndReported()
    {
        var cluster = Cluster("a");
        var dialing = DialAsync(new DestinationEndPoint(new(cluster, cluster.Destination("a")), new()));
        (await _dials.WaitAsync(1)).Refuse();

        var exception = await Assert.ThrowsAsync<IOException>(() => dialing);

        Assert.Equal(SocketError.ConnectionRefused, Assert.IsType<SocketException>(exception.InnerException).SocketErrorCode);
        Assert.Equal(exception.InnerException.Message, exception.Message);
        Assert.Equal("a", Assert.Single(_health.Updates).Id);
        Assert.Equal(0, Load(cluster, "a"));
    }

    [Fact]
    public async Task Connect_OneDestinationThatIsConfiguredNoMore_Dialed()
    {
        var dialing = DialAsync(new DestinationEndPoint(new("gone", "a", "tcp://a.test:1", null, null), new()));
        (await _dials.WaitAsync(1)).Succeed(_connection);

        Assert.Same(_connection, await dialing);
    }

    [Fact]
    public async Task Connect_AnythingElse_NotSupported() =>
        await Assert.ThrowsAsync<NotSupportedException>(() => DialAsync(new IPEndPoint(IPAddress.Loopback, 1)));

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _metrics.Dispose();
        _logs.Dispose();
        await _connection.DisposeAsync();
        await _services.DisposeAsync();
    }

    private async Task<ConnectionOutcome> FailAsync(
        ClusterEndPoint endPoint,
        int refused = 0,
        SocketError error = SocketError.ConnectionRefused
    )
    {
        using (endPoint)
        {
            var dialing = DialAsync(endPoint);
            if (refused > 0)
            {
                (await _dials.WaitAsync(refused)).Refuse(error);
            }

            return (await Assert.ThrowsAsync<DialFailedException>(() => dialing)).Outcome;
        }
    }

    private Task<ConnectionContext> DialAsync(EndPoint endPoint) =>
        Task.Run(async () => await _dialer.ConnectAsync(endPoint)).WaitAsync(Eventually.Limit);

    private static ClusterEndPoint EndPoint(ClusterState cluster, TcpClusterConfig? settings = null) =>
        new(new("cluster", new Lookup(cluster)), new() { Tcp = settings ?? new() }, Record());

    private static ConnectionRecord Record() => new(new FakeConnection(), "endpoint", "", TimeProvider.System);

    private static int Load(ClusterState cluster, string id) => DestinationLoad.Of(cluster.Destination(id)).Active;

    private static IPAddress[] Resolve(string host) => [IPAddress.Parse($"10.0.0.{host[0] - 'a' + 1}")];

    private static ClusterState Cluster(params string[] ids) =>
        TestCluster.Create(
            new ClusterConfig
            {
                ClusterId = "cluster",
                LoadBalancingPolicy = "FirstAlphabetical",
                HealthCheck = new() { Passive = new() { Enabled = true } },
                Destinations = ids.ToDictionary(static id => id, static id => new DestinationConfig { Address = $"tcp://{id}.test:1" }),
            }
        );

    private sealed class Lookup(ClusterState only) : IProxyStateLookup
    {
        public bool TryGetCluster(string id, [NotNullWhen(true)] out ClusterState? cluster) =>
            (cluster = id == only.ClusterId ? only : null) is not null;

        public IEnumerable<ClusterState> GetClusters() => [only];

        public bool TryGetRoute(string id, [NotNullWhen(true)] out RouteModel? route) => (route = null) is not null;

        public IEnumerable<RouteModel> GetRoutes() => [];
    }
}
