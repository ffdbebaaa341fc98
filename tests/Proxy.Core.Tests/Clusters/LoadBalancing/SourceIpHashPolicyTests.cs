using System.Net;
using Proxy.Clusters.LoadBalancing;

namespace Proxy.Core.Tests.Clusters.LoadBalancing;

public sealed class SourceIpHashPolicyTests
{
    private static readonly IPAddress[] _clients =
    [
        .. Enumerable.Range(0, 3000).Select(static i => new IPAddress([10, 1, (byte)(i >> 8), (byte)i])),
    ];

    private readonly SourceIpHashPolicy _policy = new();

    [Fact]
    public void Pick_SameClientAnotherOrder_SameDestination()
    {
        DestinationCandidate[] candidates = [Candidates.Create("a"), Candidates.Create("b"), Candidates.Create("c")];

        Assert.Equal(Map(candidates), Map([candidates[2], candidates[0], candidates[1]]));
    }

    [Fact]
    public void Pick_DestinationRemoved_OnlyItsClientsMove()
    {
        var before = Map([Candidates.Create("a"), Candidates.Create("b"), Candidates.Create("c"), Candidates.Create("d")]);

        var after = Map([Candidates.Create("a"), Candidates.Create("b"), Candidates.Create("d")]);

        Assert.All(before.Zip(after), static pair => Assert.True(pair.First == "c" || pair.First == pair.Second));
        Assert.Equal(
            ["a", "b", "d"],
            before.Zip(after).Where(static pair => pair.First == "c").Select(static pair => pair.Second).Distinct().Order()
        );
    }

    [Fact]
    public void Pick_WeightRaised_ClientsMoveOnlyThere()
    {
        var before = Map([Candidates.Create("a"), Candidates.Create("b"), Candidates.Create("c")]);

        var after = Map([Candidates.Create("a"), Candidates.Create("b", weight: 3), Candidates.Create("c")]);

        Assert.All(before.Zip(after), static pair => Assert.True(pair.Second == "b" || pair.First == pair.Second));
    }

    [Fact]
    public void Pick_Weights_SharesFollowThem()
    {
        var counts = Map([Candidates.Create("a"), Candidates.Create("b", weight: 2)]).CountBy(static id => id).ToDictionary();

        Assert.InRange(counts["a"], 900, 1100);
        Assert.InRange(counts["b"], 1900, 2100);
    }

    [Fact]
    public void Pick_IdInOtherCase_SameDestination() =>
        Assert.Equal(
            Map([Candidates.Create("alpha"), Candidates.Create("beta")]),
            Map([Candidates.Create("ALPHA"), Candidates.Create("BETA")]),
            StringComparer.OrdinalIgnoreCase
        );

    [Fact]
    public void Pick_NoAddress_AlwaysTheSame() =>
        Assert.Single(_policy.Count(100, Candidates.Create("a"), Candidates.Create("b"), Candidates.Create("c")));

    private List<string> Map(IReadOnlyList<DestinationCandidate> candidates) =>
        [.. _clients.Select(client => _policy.Pick(new PickContext(client, "cluster"), candidates).State.DestinationId)];
}
