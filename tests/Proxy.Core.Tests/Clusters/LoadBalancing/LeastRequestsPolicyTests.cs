using Proxy.Clusters.LoadBalancing;

namespace Proxy.Core.Tests.Clusters.LoadBalancing;

public sealed class LeastRequestsPolicyTests
{
    private readonly LeastRequestsPolicy _policy = new("LeastRequests");

    [Fact]
    public void Pick_Loads_TheLeastLoaded() =>
        Assert.Equal("b", _policy.Pick(Candidates.Create("a", load: 3), Candidates.Create("b", load: 1), Candidates.Create("c", load: 2)));

    [Fact]
    public void Pick_Weights_LoadCountsPerWeight()
    {
        // One more costs a (1 + 1) / 1 and heavy (5 + 1) / 4.
        Assert.Equal("heavy", _policy.Pick(Candidates.Create("a", load: 1), Candidates.Create("heavy", weight: 4, load: 5)));
        Assert.Equal("a", _policy.Pick(Candidates.Create("a", load: 1), Candidates.Create("heavy", weight: 4, load: 8)));
    }

    [Fact]
    public void Pick_NoLoadYet_HeavyFirst() =>
        Assert.Equal("heavy", _policy.Pick(Candidates.Create("a"), Candidates.Create("heavy", weight: 2)));

    [Fact]
    public void Pick_OneAfterTheOther_EachInTurn()
    {
        DestinationCandidate[] idle = [Candidates.Create("a"), Candidates.Create("b"), Candidates.Create("c")];

        Assert.Equal(["a", "b", "c", "a", "b"], Enumerable.Range(0, 5).Select(_ => _policy.Pick(idle)));
    }

    [Fact]
    public void Pick_EquallyLoaded_OnlyThoseInTurn()
    {
        DestinationCandidate[] some =
        [
            Candidates.Create("busy", load: 2),
            Candidates.Create("a", load: 1),
            Candidates.Create("b", load: 1),
        ];

        Assert.Equal(["a", "b", "a", "b"], Enumerable.Range(0, 4).Select(_ => _policy.Pick(some)));
    }

    [Fact]
    public void Pick_OneAfterTheOtherWithWeights_SharesByWeight()
    {
        var counts = _policy.Count(40, Candidates.Create("heavy", weight: 3), Candidates.Create("light"));

        Assert.Equal((30, 10), (counts["heavy"], counts["light"]));
    }
}
