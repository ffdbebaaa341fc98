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
}
