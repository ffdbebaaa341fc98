using Proxy.Channels.Tunnel;

namespace Proxy.Core.Tests.Channels.Tunnel;

public sealed class KeyedLimitTests
{
    [Fact]
    public void TryEnter_OneKeyHasItsShare_OthersHaveTheirs()
    {
        var limit = new KeyedLimit<string>(2);

        Assert.Equal([true, true, false, true], new[] { "a", "a", "a", "b" }.Select(limit.TryEnter));

        limit.Leave("a");
        Assert.True(limit.TryEnter("a"));
    }

    [Fact]
    public void TryEnter_AllTogetherHaveTheirs_NoKeyGetsAPlaceUntilOneLeaves()
    {
        var limit = new KeyedLimit<string>(2, all: 2);
        Assert.Equal([true, true, false], new[] { "a", "b", "c" }.Select(limit.TryEnter));

        limit.Leave("a");

        Assert.Equal([true, false], new[] { "c", "d" }.Select(limit.TryEnter));
    }
}
