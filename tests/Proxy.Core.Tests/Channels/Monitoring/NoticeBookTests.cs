using Proxy.Channels.Monitoring;

namespace Proxy.Core.Tests.Channels.Monitoring;

public sealed class NoticeBookTests
{
    private const int MostEnded = 1024;

    private readonly NoticeBook _book = new("boot", "127.0.0.12");

    [Fact]
    public void After_MoreChannelsHaveEndedThanAreKept_TheOldestIsForgotten()
    {
        for (var number = 0; number <= MostEnded + 1; number++)
        {
            Tell($"c{number}"); // which ends the one before
        }

        var told = _book.After(0).Notices.Select(static notice => notice.State!.Channel).ToList();

        Assert.Equal(MostEnded + 1, told.Count);
        Assert.DoesNotContain("c0", told);
        Assert.Equal($"c{MostEnded + 1}", Assert.Single(_book.Told.Keys));
    }

    [Fact]
    public void Tell_SameStateAgain_HasTheVersionItHad()
    {
        Tell("ring");
        var (_, changed) = _book.After(0);

        Tell("ring");

        Assert.Equal(1, _book.Told["ring"].Version);
        Assert.True(changed.IsCompleted); // readers look again, and find nothing
        Assert.Empty(_book.After(1).Notices);
    }

    [Fact]
    public void Untold_WantedAndNotTold_CompletesWhenItIs()
    {
        _book.Want([new ChannelState("ring", "ring", "duplex")]);
        var untold = _book.Untold();
        Assert.False(untold!.IsCompleted);

        _book.Tell();

        Assert.True(untold.IsCompleted);
        Assert.Null(_book.Untold());
    }

    private void Tell(string channel)
    {
        _book.Want([new ChannelState(channel, "ring", "duplex")]);
        _book.Tell();
    }
}
