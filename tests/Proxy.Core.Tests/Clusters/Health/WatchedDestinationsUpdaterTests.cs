using Proxy.Clusters.Health;
using Proxy.Clusters.LoadBalancing;
using Proxy.Diagnostics;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.Clusters.Health;

public sealed class WatchedDestinationsUpdaterTests
{
    private readonly ManualTime _time = new();
    private readonly ConnectionTracker _tracker = new();
    private readonly LogLines _log = new();
    private readonly WatchedDestinationsUpdater _updater;

    public WatchedDestinationsUpdaterTests() =>
        _updater = new(new Inner(), _tracker, _time, new Microsoft.Extensions.Logging.Logger<WatchedDestinationsUpdater>(_log));

    [Theory]
    [InlineData(DestinationHealth.Unhealthy, DestinationHealth.Unknown)]
    [InlineData(DestinationHealth.Healthy, DestinationHealth.Unhealthy)]
    public void Update_Unhealthy_ItsConnectionsAreClosedOnceAndNoOthers(DestinationHealth active, DestinationHealth passive)
    {
        var cluster = Cluster("True");
        var (its, others, elsewhere) = (Open("cluster", "A"), Open("cluster", "b"), Open("other", "a"));

        (cluster.Destination("a").Health.Active, cluster.Destination("a").Health.Passive) = (active, passive);
        _updater.UpdateAvailableDestinations(cluster);
        var later = Open("cluster", "a"); // such as in a cluster that panics
        _updater.UpdateAvailableDestinations(cluster);

        Assert.Equal(ConnectionOutcome.DestinationUnhealthy, its.Outcome);
        Assert.All([others, elsewhere, later], static record => Assert.Null(record.Outcome));
        Assert.Equal(["Warning: Cluster cluster: destination a is unhealthy, so its 1 connections were reset."], _log.All);
    }

    [Fact]
    public void Update_UnhealthyWhileAClientIsDialedFor_TheClientStays()
    {
        var cluster = Cluster("True");
        var (connected, dialing, failed) = (Open("cluster", "a"), Open("cluster", "a", isConnected: false), Open("cluster", "a"));
        failed.DialEnded(TimeSpan.Zero, succeeded: false);

        cluster.Destination("a").Health.Passive = DestinationHealth.Unhealthy; // such as by the failure of that dial
        _updater.UpdateAvailableDestinations(cluster);

        Assert.Equal(ConnectionOutcome.DestinationUnhealthy, connected.Outcome);
        Assert.All([dialing, failed], static record => Assert.Null(record.Outcome));
    }

    // YARP updates a cluster on several threads: one that has read the health before another must not record it after that one.
    [Fact]
    public async Task SetHealth_ReadByTwoAtOnce_TheLaterReadIsWhatStays()
    {
        var load = DestinationLoad.Of(Cluster(null).Destination("a"));
        bool? second = null;
        var other = new Thread(() => second = load.SetHealth(static () => false, _time));

        var first = load.SetHealth(
            () =>
            {
                other.Start();
                return SpinWait.SpinUntil(
                    () => other.ThreadState.HasFlag(ThreadState.WaitSleepJoin) || !other.IsAlive, // waits its turn, or did not have to
                    Eventually.Limit
                );
            },
            _time
        );
        await Eventually.TrueAsync(() => !other.IsAlive);

        Assert.Equal((true, false), (first, second));
    }

    [Fact]
    public void Update_ClusterThatDoesNotAskForIt_ConnectionsStay()
    {
        var cluster = Cluster(null);
        var open = Open("cluster", "a");

        cluster.Destination("a").Health.Active = DestinationHealth.Unhealthy;
        _updater.UpdateAllDestinations(cluster);

        Assert.Null(open.Outcome);
        Assert.Empty(_log.All);
    }

    [Fact]
    public void Update_HealthyAgain_SlowStartBegins()
    {
        var cluster = Cluster(null);
        var destination = cluster.Destination("a");
        var (load, ramp) = (DestinationLoad.Of(destination), TimeSpan.FromSeconds(10));
        _updater.UpdateAvailableDestinations(cluster);
        Assert.Equal(1, load.Ramp(ramp, _time));

        destination.Health.Active = DestinationHealth.Unhealthy;
        _updater.UpdateAvailableDestinations(cluster);
        destination.Health.Active = DestinationHealth.Healthy;
        _updater.UpdateAvailableDestinations(cluster);

        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(0.4, load.Ramp(ramp, _time), 3);
        _updater.UpdateAvailableDestinations(cluster); // nothing has changed
        Assert.Equal(0.4, load.Ramp(ramp, _time), 3);
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(1, load.Ramp(ramp, _time));
    }

    private ConnectionRecord Open(string cluster, string destination, bool isConnected = true)
    {
        var record = new ConnectionRecord(new FakeConnection(), "endpoint", "", _time) { ClusterId = cluster, DestinationId = destination };
        if (isConnected)
        {
            record.DialEnded(TimeSpan.FromMilliseconds(1), succeeded: true);
        }

        _tracker.Add(record);
        return record;
    }

    private static ClusterState Cluster(string? closes) =>
        TestCluster.Create(
            new ClusterConfig
            {
                ClusterId = "cluster",
                Destinations = ((string[])["a", "b"]).ToDictionary(
                    static id => id,
                    static id => new DestinationConfig { Address = "tcp://a:1" }
                ),
                Metadata = closes is null ? null : new Dictionary<string, string> { ["Tcp:CloseOnUnhealthy"] = closes },
            }
        );

    private sealed class Inner : IClusterDestinationsUpdater
    {
        public void UpdateAllDestinations(ClusterState cluster) { }

        public void UpdateAvailableDestinations(ClusterState cluster) { }
    }
}
