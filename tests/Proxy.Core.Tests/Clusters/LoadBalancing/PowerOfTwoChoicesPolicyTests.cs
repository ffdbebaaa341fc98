using Proxy.Clusters.LoadBalancing;

namespace Proxy.Core.Tests.Clusters.LoadBalancing;

public sealed class PowerOfTwoChoicesPolicyTests
{
    private readonly PowerOfTwoChoicesPolicy _policy = new(new Random(1));

    [Fact]
    public void Name_IsYarps() => Assert.Equal("PowerOfTwoChoices", _policy.Name);

    [Fact]
    public void Pick_One_ThatOne() => Assert.Equal("a", _policy.Pick(Candidates.Create("a")));

    [Fact]
    public void Pick_Two_AlwaysTheLessLoaded() =>
        Assert.Equal(["b"], _policy.Count(100, Candidates.Create("a", load: 2), Candidates.Create("b", load: 1)).Keys);

    [Fact]
    public void Pick_Three_NeverTheMostLoadedAndBothOthers()
    {
        var counts = _policy.Count(300, Candidates.Create("low"), Candidates.Create("middle", load: 1), Candidates.Create("high", load: 2));

        Assert.Equal(["low", "middle"], counts.Keys.Order());
        Assert.True(counts["low"] > counts["middle"]);
    }

    [Fact]
    public void Pick_ConnectionsStay_LoadFollowsWeight()
    {
        DestinationCandidate[] candidates = [Candidates.Create("light"), Candidates.Create("heavy", weight: 3)];
        for (var i = 0; i < 400; i++)
        {
            _policy.Pick(new PickContext(null, "cluster"), candidates).Load.TryAcquire(null);
        }

        Assert.InRange(candidates[0].Load.Active, 99, 101);
        Assert.InRange(candidates[1].Load.Active, 299, 301);
    }

    [Fact]
    public void Pick_OneAfterTheOtherWithWeights_SharesByWeight()
    {
        var counts = _policy.Count(400, Candidates.Create("heavy", weight: 3), Candidates.Create("light"));

        Assert.InRange(counts.GetValueOrDefault("light"), 70, 130);
    }
}
