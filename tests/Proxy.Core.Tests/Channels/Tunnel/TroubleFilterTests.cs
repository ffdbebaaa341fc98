using Proxy.Channels.Tunnel;

namespace Proxy.Core.Tests.Channels.Tunnel;

public sealed class TroubleFilterTests
{
    private readonly ManualTime _time = new();
    private readonly TroubleFilter _filter;

    public TroubleFilterTests() => _filter = new(_time);

    [Fact]
    public void IsNews_SameTrouble_OnlyMuchLater()
    {
        Assert.True(_filter.IsNews("a", "x"));
        _time.Advance(TimeSpan.FromMinutes(9));
        Assert.False(_filter.IsNews("a", "x"));

        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(_filter.IsNews("a", "x"));
    }

    [Fact]
    public void IsNews_TroublesThatTakeTurns_OneInTenSeconds()
    {
        Assert.True(_filter.IsNews("a", "x"));
        Assert.False(_filter.IsNews("a", "y"));

        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(_filter.IsNews("a", "y"));
    }

    [Fact]
    public void IsNews_AnotherPeerOrOneThatWasWell_IsTold()
    {
        Assert.True(_filter.IsNews("a", "x"));
        Assert.True(_filter.IsNews("b", "x"));

        _filter.Forget("a");
        Assert.True(_filter.IsNews("a", "x"));
    }
}
