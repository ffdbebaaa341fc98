using System.Net;
using Proxy.Clusters.LoadBalancing;

namespace Proxy.Core.Tests.Clusters.LoadBalancing;

public sealed class ConsistentHashPolicyTests
{
    private readonly ConsistentHashPolicy _policy = new();
    private readonly DestinationCandidate[] _candidates = [Candidates.Create("a"), Candidates.Create("b"), Candidates.Create("c")];

    [Fact]
    public void Pick_SameClient_SameDestinationWhateverItsLoad()
    {
        var first = Pick(new(IPAddress.Parse("192.0.2.7"), "cluster"));
        first.Load.TryAcquire(null);

        Assert.Equal(first, Pick(new(IPAddress.Parse("192.0.2.7"), "cluster")));
    }

    [Fact]
    public void Pick_HashKey_TakesThePlaceOfTheAddress()
    {
        var byKey = Enumerable
            .Range(0, 50)
            .Select(i => Pick(new(IPAddress.Parse($"192.0.2.{i}"), "cluster") { HashKey = "www.example.com" }));

        Assert.Single(byKey.Distinct());
        Assert.Equal(
            3,
            Enumerable.Range(0, 50).Select(i => Pick(new(null, "cluster") { HashKey = $"{i}.example.com" })).Distinct().Count()
        );
    }

    [Fact]
    public void Pick_ClientsWithoutAddress_AllTheSame()
    {
        Assert.Equal(Pick(new(null, "cluster")), Pick(new(null, "cluster")));
    }

    [Fact]
    public void Table_SameList_BuiltOnce()
    {
        var all = new DestinationWeights([.. _candidates.Select(static candidate => candidate.State)], null);

        Assert.Same(_policy.Table(all), _policy.Table(all));
        Assert.NotSame(_policy.Table(all), _policy.Table(all with { Settings = new() }));
    }

    [Fact]
    public void Table_TwoSettingsInTurn_EachBuiltOnce()
    {
        var all = new DestinationWeights([.. _candidates.Select(static candidate => candidate.State)], null);
        var edited = all with { Settings = new() };
        var (before, after) = (_policy.Table(all), _policy.Table(edited));

        Assert.Same(before, _policy.Table(all));
        Assert.Same(after, _policy.Table(edited));
    }

    [Fact]
    public async Task Table_AskedForByManyAtOnce_BuiltOnce()
    {
        for (var round = 0; round < 20; round++)
        {
            var all = new DestinationWeights([.. _candidates.Select(static candidate => candidate.State)], null);
            var ready = 0;
            var tables = await Task.WhenAll(
                Enumerable
                    .Range(0, 8)
                    .Select(_ =>
                        Task.Factory.StartNew(
                            () =>
                            {
                                Interlocked.Increment(ref ready);
                                Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref ready) == 8, Eventually.Limit));
                                return _policy.Table(all);
                            },
                            CancellationToken.None,
                            TaskCreationOptions.LongRunning,
                            TaskScheduler.Default
                        )
                    )
            );

            Assert.Single(tables.Distinct());
        }
    }

    [Fact]
    public void Pick_NoneOfTheCandidatesIsInTheTable_TheFirst()
    {
        var context = new PickContext(null, "cluster") { All = new([new Yarp.ReverseProxy.Model.DestinationState("gone")], null) };

        Assert.Equal(_candidates[0], _policy.Pick(context, _candidates));
    }

    private DestinationCandidate Pick(PickContext context) => _policy.Pick(context, _candidates);
}
