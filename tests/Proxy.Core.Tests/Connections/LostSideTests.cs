using Proxy.Connections;

namespace Proxy.Core.Tests.Connections;

public sealed class LostSideTests
{
    private const long Grace = 5_000;
    private readonly RelayDeadlines _deadlines = new(
        new() { IdleTimeout = Timeout.InfiniteTimeSpan, HalfCloseTimeout = TimeSpan.FromMinutes(1) },
        now: 0
    );

    [Fact]
    public void Note_Twice_TheFirstCountsAndTheOtherSideHasAWhile()
    {
        var lost = new LostSide<string>();

        Assert.True(lost.Note("client", _deadlines, now: 100));
        Assert.False(lost.Note("upstream", _deadlines, now: 200));

        Assert.Equal("client", lost.Side);
        Assert.False(lost.IsLate(99 + Grace));
        Assert.True(lost.IsLate(100 + Grace));
        Assert.Equal(60_100, _deadlines.Next);
    }

    [Fact]
    public void Begin_BeforeASideIsLost_TheWhileIsNotLongerAfterwards()
    {
        var lost = new LostSide<string>();

        lost.Begin(now: 100);
        Assert.Null(lost.Side);
        lost.Note("client", _deadlines, now: 3_000);

        Assert.Equal(100 + Grace, lost.Expires);
    }

    [Fact]
    public void Postpone_BytesWaitForBandwidth_TheWhileBeginsAgain()
    {
        var lost = new LostSide<string>();
        lost.Note("client", _deadlines, now: 100);

        lost.Postpone(now: 4_000);

        Assert.Equal(4_000 + Grace, lost.Expires);
    }
}
