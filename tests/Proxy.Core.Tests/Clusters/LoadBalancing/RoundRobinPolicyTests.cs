using Proxy.Clusters.LoadBalancing;

namespace Proxy.Core.Tests.Clusters.LoadBalancing;

public sealed class RoundRobinPolicyTests
{
    private readonly RoundRobinPolicy _policy = new();

    [Fact]
    public void Name_IsYarps() => Assert.Equal("RoundRobin", _policy.Name);

    [Fact]
    public void Pick_EqualWeights_EachInTurn()
    {
        var candidates = new[] { Candidates.Create("a"), Candidates.Create("b"), Candidates.Create("c") };

        var picks = Enumerable.Range(0, 6).Select(_ => _policy.Pick(candidates)).ToList();

        Assert.Equal(["a", "b", "c", "a", "b", "c"], picks);
    }

    [Fact]
    public void Pick_Weights_ExactSharesAndNoBursts()
    {
        var candidates = new[] { Candidates.Create("heavy", weight: 4), Candidates.Create("b"), Candidates.Create("c") };

        var picks = Enumerable.Range(0, 60).Select(_ => _policy.Pick(candidates)).ToList();

        Assert.Equal(40, picks.Count(static id => id == "heavy"));
        Assert.Equal(10, picks.Count(static id => id == "b"));
        Assert.DoesNotContain("heavy heavy heavy heavy heavy", string.Join(' ', picks), StringComparison.Ordinal);
    }

    [Fact]
    public void Pick_DestinationLeavesAndReturns_TakesItsShareOnly()
    {
        var (a, b, c) = (Candidates.Create("a"), Candidates.Create("b"), Candidates.Create("c"));
        _policy.Count(7, a, b, c);

        var without = _policy.Count(100, a, c);
        var again = _policy.Count(99, a, b, c);

        Assert.InRange(without["a"], 49, 51);
        Assert.All(again.Values, static count => Assert.InRange(count, 31, 35));
    }

    [Fact]
    public async Task Pick_FromManyThreads_SharesStayExact()
    {
        var candidates = new[] { Candidates.Create("a"), Candidates.Create("b") };

        var counts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => _policy.Count(1000, candidates))));

        Assert.Equal(2000, counts.Sum(static count => count.GetValueOrDefault("a")));
    }
}
