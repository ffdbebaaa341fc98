using Proxy.Configuration.Multiplexing;

namespace Proxy.Core.Tests.Configuration.Multiplexing;

public sealed class NoReplyWhenListTests
{
    [Fact]
    public void Equals_SameItems_SoAreTheSectionsThatHaveThem()
    {
        var one = new ClusterMultiplexConfig { NoReplyWhen = [new() { NotContains = "?" }, new() { StartsWith = "*" }] };
        var same = new ClusterMultiplexConfig { NoReplyWhen = [new() { NotContains = "?" }, new() { StartsWith = "*" }] };

        Assert.Equal(one, same);
        Assert.Equal(one.GetHashCode(), same.GetHashCode());
        Assert.True(one.NoReplyWhen == same.NoReplyWhen);
    }

    [Fact]
    public void Equals_OtherItemsOrNone_Differs()
    {
        NoReplyWhenList one = [new() { NotContains = "?" }];

        Assert.NotEqual<NoReplyWhenList>(one, [new() { Contains = "?" }]);
        Assert.NotEqual<NoReplyWhenList>(one, [new() { NotContains = "?" }, new() { StartsWith = "*" }]);
        Assert.True(one != null);
        Assert.False(one.Equals("?"));
    }
}
