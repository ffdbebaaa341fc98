using Proxy.Clusters.LoadBalancing;

namespace Proxy.Core.Tests.Clusters.LoadBalancing;

public sealed class FirstAlphabeticalPolicyTests
{
    private readonly FirstAlphabeticalPolicy _policy = new();

    [Fact]
    public void Name_IsYarps() => Assert.Equal("FirstAlphabetical", _policy.Name);

    [Fact]
    public void Pick_AnyOrderAndCase_FirstById() =>
        Assert.Equal("A", _policy.Pick(Candidates.Create("c"), Candidates.Create("b"), Candidates.Create("A")));

    [Fact]
    public void Pick_FirstIsLoadedAndLight_StillFirst() =>
        Assert.Equal("a", _policy.Pick(Candidates.Create("b", weight: 100), Candidates.Create("a", load: 50)));
}
