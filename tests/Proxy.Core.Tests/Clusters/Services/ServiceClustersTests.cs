using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Clusters.LoadBalancing;
using Proxy.Clusters.Services;
using Proxy.Configuration.Clusters;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Core.Tests.Clusters.Services;

public sealed class ServiceClustersTests : IDisposable
{
    private readonly ServiceDirectory _directory;
    private readonly ServiceClusters _clusters;
    private SrvAnswer _answer = new([], TimeSpan.FromMinutes(1));
    private int _changes;

    public ServiceClustersTests()
    {
        _directory = new((_, _) => Task.FromResult(_answer), new ManualTime(), NullLogger<ServiceDirectory>.Instance);
        _directory.Changed += (_, _) => Interlocked.Increment(ref _changes);
        _clusters = new(_directory);
    }

    [Fact]
    public async Task Fill_Service_ItsServersAreDestinationsWithWeightsAndRanks()
    {
        _answer = new(
            [new("db1.test", 5432, 10, 100), new("db2.test", 5433, 10, 50), new("db1.test", 5432, 10, 7), new("db3.test", 5432, 20, 0)],
            TimeSpan.FromMinutes(1)
        );
        Fill("srv://_db._tcp.test/");
        await Eventually.TrueAsync(() => _changes == 1);

        var destinations = Fill("srv://_db._tcp.test")[0].Destinations!;

        Assert.Equal(
            [
                ("a:db1.test:5432", "tcp://db1.test:5432", "256", "0"),
                ("a:db2.test:5433", "tcp://db2.test:5433", "128", "0"),
                ("a:db3.test:5432", "tcp://db3.test:5432", "1", "1"),
            ],
            destinations
                .Select(static pair => (pair.Key, pair.Value.Address, pair.Value.Metadata!["Srv:Weight"], pair.Value.Metadata["Srv:Rank"]))
                .Order()
        );
    }

    [Fact]
    public void Fill_NoService_ClusterIsUnchanged()
    {
        var clusters = Fill("tcp://127.0.0.1:1");

        Assert.Equal("tcp://127.0.0.1:1", Assert.Single(clusters[0].Destinations!).Value.Address);
    }

    [Theory]
    [InlineData("", "db1 db2 db3 db4")]
    [InlineData("\"Backup\": true", "db1 db2 db3 db4")]
    public async Task Pick_Priorities_EachRankAfterTheOneBefore(string more, string order)
    {
        _answer = new([new("db4", 1, 30, 1), new("db1", 1, 0, 1), new("db2", 1, 10, 1), new("db3", 1, 20, 1)], TimeSpan.FromMinutes(1));
        Fill("srv://_db._tcp.test");
        await Eventually.TrueAsync(() => _changes == 1);
        var cluster = TestCluster.Create(Fill("srv://_db._tcp.test")[0] with { LoadBalancingPolicy = "FirstAlphabetical" });
        var settings = Section("srv://_db._tcp.test", more.Length > 0, most: 1);
        var picker = new DestinationPicker([new FirstAlphabeticalPolicy()], TimeProvider.System);

        var picked = Enumerable.Range(0, 4).Select(_ => picker.Pick(cluster, settings, new(null, "c"), []).Destination!.DestinationId);

        Assert.Equal(order.Split(' ').Select(static host => $"a:{host}:1"), picked);
    }

    [Fact]
    public async Task Pick_WeightZeroOfTheService_NoneOfItsServers()
    {
        _answer = new([new("db1", 1, 0, 1)], TimeSpan.FromMinutes(1));
        Fill("srv://_db._tcp.test");
        await Eventually.TrueAsync(() => _changes == 1);
        var cluster = TestCluster.Create(Fill("srv://_db._tcp.test")[0]);
        var settings = new ClusterSection
        {
            Destinations = new Dictionary<string, DestinationSection>
            {
                ["a"] = new() { Address = "srv://_db._tcp.test", Weight = 0 },
            },
        };

        var picked = new DestinationPicker([new FirstAlphabeticalPolicy()], TimeProvider.System).Pick(
            cluster,
            settings with
            {
                LoadBalancingPolicy = "FirstAlphabetical",
            },
            new(null, "c"),
            []
        );

        Assert.Null(picked.Destination);
    }

    public void Dispose() => _directory.Dispose();

    private IReadOnlyList<ClusterConfig> Fill(string address) =>
        _clusters.Fill(
            [
                new ClusterConfig
                {
                    ClusterId = "c",
                    Destinations = new Dictionary<string, DestinationConfig> { ["a"] = new() { Address = address } },
                },
            ],
            new Dictionary<string, ClusterSection> { ["c"] = Section(address, isBackup: false, most: null) }
        );

    private static ClusterSection Section(string address, bool isBackup, int? most) =>
        new()
        {
            Destinations = new Dictionary<string, DestinationSection>
            {
                ["a"] = new()
                {
                    Address = address,
                    Backup = isBackup,
                    MaxConnections = most,
                },
            },
        };
}
