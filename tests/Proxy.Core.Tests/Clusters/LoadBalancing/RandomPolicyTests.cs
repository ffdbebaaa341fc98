using Proxy.Clusters.LoadBalancing;

namespace Proxy.Core.Tests.Clusters.LoadBalancing;

public sealed class RandomPolicyTests
{
    private readonly RandomPolicy _policy = new(new Random(1));

    [Fact]
    public void Name_IsYarps() => Assert.Equal("Random", _policy.Name);

    [Fact]
    public void Pick_Weights_SharesFollowThem()
    {
        var counts = _policy.Count(6000, Candidates.Create("a"), Candidates.Create("b", weight: 2), Candidates.Create("c", weight: 3));

        Assert.InRange(counts["a"], 850, 1150);
        Assert.InRange(counts["b"], 1850, 2150);
        Assert.InRange(counts["c"], 2850, 3150);
    }

    [Fact]
    public void Pick_Loads_DoNotMatter()
    {
        var counts = _policy.Count(2000, Candidates.Create("a", load: 100), Candidates.Create("b"));

        Assert.InRange(counts["a"], 900, 1100);
    }
}
