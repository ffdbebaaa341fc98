using Proxy.Clusters.LoadBalancing;
using Proxy.Configuration.Clusters;
using Proxy.Diagnostics;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.Clusters.LoadBalancing;

public sealed class DestinationPickerTests
{
    private static readonly DestinationSection _backup = new() { Address = "", Backup = true };
    private static readonly PickContext _context = new(null, "cluster");
    private readonly ManualTime _time = new();
    private readonly DestinationPicker _picker;

    public DestinationPickerTests() =>
        _picker = new(
            [new FirstAlphabeticalPolicy(), new RoundRobinPolicy(), new PowerOfTwoChoicesPolicy(new Random(1)), new ConsistentHashPolicy()],
            _time
        );

    [Fact]
    public void Pick_NoneAvailable_NoDestination()
    {
        var cluster = TestCluster.Create("FirstAlphabetical", "a");
        cluster.SetAvailable();

        Assert.Equal(new PickResult(null, null, ConnectionOutcome.NoDestination), Pick(cluster, new()));
    }

    [Fact]
    public void Pick_PolicyNamedInOtherCase_Used()
    {
        var cluster = TestCluster.Create("roundrobin", "a", "b");

        Assert.Equal(["a", "b", "a"], Enumerable.Range(0, 3).Select(_ => Pick(cluster, new()).Destination?.DestinationId));
    }

    [Fact]
    public void Pick_NoPolicyNamed_SpreadsByLoad()
    {
        var cluster = TestCluster.Create(null, "a", "b");
        for (var i = 0; i < 20; i++)
        {
            Pick(cluster, new());
        }

        Assert.Equal(10, DestinationLoad.Of(cluster.Destination("a")).Active);
    }

    [Fact]
    public void Pick_Unavailable_NeverPicked()
    {
        var cluster = TestCluster.Create("FirstAlphabetical", "a", "b");
        cluster.SetAvailable("b");

        Assert.Equal("b", Pick(cluster, new()).Destination?.DestinationId);
    }

    [Fact]
    public void Pick_WeightZero_TakesNone()
    {
        var cluster = TestCluster.Create("FirstAlphabetical", "a", "b");

        Assert.Equal("b", Pick(cluster, Settings(("A", Weight(0)))).Destination?.DestinationId);
        Assert.Equal(ConnectionOutcome.NoDestination, Pick(cluster, Settings(("a", Weight(0)), ("b", Weight(0)))).Refusal);
    }

    [Fact]
    public void Pick_Backup_OnlyWhileNothingElseIsAvailable()
    {
        var cluster = TestCluster.Create("FirstAlphabetical", "a", "b");
        var settings = Settings(("a", _backup));

        Assert.Equal("b", Pick(cluster, settings).Destination?.DestinationId);
        cluster.SetAvailable("a");
        Assert.Equal("a", Pick(cluster, settings).Destination?.DestinationId);
        cluster.SetAvailable("a", "b");
        Assert.Equal("b", Pick(cluster, settings).Destination?.DestinationId);
    }

    [Fact]
    public void Pick_OthersFull_TheBackupServesUntilItIsFullToo()
    {
        var cluster = TestCluster.Create("FirstAlphabetical", "a", "b");
        var settings = Settings(("b", _backup)) with { Tcp = new() { MaxConnectionsPerDestination = 2 } };

        var picks = Enumerable.Range(0, 6).Select(_ => Pick(cluster, settings)).ToList();

        Assert.Equal(["a", "a", "b", "b", null, null], picks.Select(static pick => pick.Destination?.DestinationId));
        Assert.Equal(ConnectionOutcome.LimitExceeded, picks[^1].Refusal);
        picks[0].Load!.Release();
        Assert.Equal("a", Pick(cluster, settings).Destination?.DestinationId);
    }

    [Fact]
    public void Pick_UntriedOnesFull_ATriedOneAgain()
    {
        var cluster = TestCluster.Create("FirstAlphabetical", "a", "b");
        var settings = new ClusterSection { Tcp = new() { MaxConnectionsPerDestination = 1 } };
        Pick(cluster, settings, "a");

        Assert.Equal("a", Pick(cluster, settings, "a").Destination?.DestinationId);
    }

    [Fact]
    public void Pick_AllButTheBackupTried_TheBackupBeforeATriedOne()
    {
        var cluster = TestCluster.Create("FirstAlphabetical", "a", "b");

        var pick = _picker.Pick(cluster, Settings(("b", _backup)), _context, [cluster.Destination("a")]);

        Assert.Equal("b", pick.Destination?.DestinationId);
    }

    [Fact]
    public void Pick_SomeTried_AnUntriedOne()
    {
        var cluster = TestCluster.Create("FirstAlphabetical", "a", "b", "c");

        Assert.Equal("b", Pick(cluster, new(), "a").Destination?.DestinationId);
        Assert.Equal("c", Pick(cluster, new(), "a", "b").Destination?.DestinationId);
    }

    [Fact]
    public void Pick_AllTried_ATriedOneAgain()
    {
        var cluster = TestCluster.Create("FirstAlphabetical", "a", "b");

        Assert.Equal("a", Pick(cluster, new(), "a", "b").Destination?.DestinationId);
    }

    [Fact]
    public void Pick_MaximumReached_NextAndThenLimitExceeded()
    {
        var cluster = TestCluster.Create("FirstAlphabetical", "a", "b");
        var settings = new ClusterSection { Tcp = new() { MaxConnectionsPerDestination = 1 } };

        var first = Pick(cluster, settings);
        Assert.Equal("b", Pick(cluster, settings).Destination?.DestinationId);
        Assert.Equal(ConnectionOutcome.LimitExceeded, Pick(cluster, settings).Refusal);
        first.Load!.Release();

        Assert.Equal("a", Pick(cluster, settings).Destination?.DestinationId);
        Assert.Equal(1, first.Load.Active);
    }

    [Fact]
    public async Task Pick_ManyAtOnce_MaximumNeverExceeded()
    {
        var cluster = TestCluster.Create("RoundRobin", "a", "b", "c");
        var settings = new ClusterSection { Tcp = new() { MaxConnectionsPerDestination = 50 } };

        await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => Task.Run(() => Enumerable.Range(0, 100).Count(_ => Pick(cluster, settings).Load is null)))
        );

        Assert.All(cluster.DestinationsState.AllDestinations, static state => Assert.Equal(50, DestinationLoad.Of(state).Active));
    }

    [Fact]
    public void Pick_MaximumOfOneDestination_BeforeThatOfTheCluster()
    {
        var cluster = TestCluster.Create("FirstAlphabetical", "a", "b");
        var settings = Settings(("a", new DestinationSection { Address = "", MaxConnections = 2 })) with
        {
            Tcp = new() { MaxConnectionsPerDestination = 1 },
        };

        Assert.Equal(["a", "a", "b"], Enumerable.Range(0, 3).Select(_ => Pick(cluster, settings).Destination?.DestinationId));
        Assert.Equal(ConnectionOutcome.LimitExceeded, Pick(cluster, settings).Refusal);
    }

    [Fact]
    public void Pick_SlowStart_ShareGrowsToTheWeight()
    {
        var cluster = TestCluster.Create("RoundRobin", "a", "b");
        var settings = new ClusterSection { Tcp = new() { SlowStart = TimeSpan.FromSeconds(10) } };
        var recovering = DestinationLoad.Of(cluster.Destination("a"));
        Assert.Equal(50, Share()); // nothing has happened to it yet

        Assert.True(recovering.SetHealth(static () => true, _time));
        Assert.False(recovering.SetHealth(static () => false, _time));
        Assert.InRange(Share(), 0, 2);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.InRange(Share(), 32, 34); // half of the other's weight
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.InRange(Share(), 49, 51);

        int Share() => Enumerable.Range(0, 100).Count(_ => Pick(cluster, settings).Destination?.DestinationId == "a");
    }

    [Fact]
    public void Pick_ConsistentHash_FullDestinationsKeysGoElsewhereAndComeBack()
    {
        var cluster = TestCluster.Create("ConsistentHash", "a", "b", "c");
        var settings = new ClusterSection { Tcp = new() { MaxConnectionsPerDestination = 1 } };

        var picks = Enumerable.Range(0, 3).Select(_ => Pick(cluster, settings)).ToList();

        Assert.Equal(3, picks.Select(static pick => pick.Destination).Distinct().Count());
        picks.ForEach(static pick => pick.Load!.Release());
        Assert.Equal(picks[0].Destination, Pick(cluster, settings).Destination);
    }

    private PickResult Pick(ClusterState cluster, ClusterSection settings, params string[] tried) =>
        _picker.Pick(cluster, settings, _context, [.. tried.Select(cluster.Destination)]);

    private static DestinationSection Weight(int weight) => new() { Address = "", Weight = weight };

    private static ClusterSection Settings(params (string Id, DestinationSection Settings)[] destinations) =>
        new()
        {
            Destinations = destinations.ToDictionary(
                static pair => pair.Id,
                static pair => pair.Settings,
                StringComparer.OrdinalIgnoreCase
            ),
        };
}
