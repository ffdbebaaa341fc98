using Proxy.Channels.Monitoring;

namespace Proxy.Core.Tests.Channels.Monitoring;

public sealed class NoticeBookTests
{
    private const int MostEnded = 1024;

    private readonly NoticeBook _book = new("boot", static () => "127.0.0.12");

    [Fact]
    public void After_MoreChannelsHaveEndedThanAreKept_TheOldestIsForgotten()
    {
        for (var number = 0; number <= MostEnded + 1; number++)
        {
            Publish($"c{number}"); // which ends the one before
        }

        var published = _book.After(0).Notices.Select(static notice => notice.State!.Channel).ToList();

        Assert.Equal(MostEnded + 1, published.Count);
        Assert.DoesNotContain("c0", published);
        Assert.Equal($"c{MostEnded + 1}", Assert.Single(_book.Published.Keys));
    }

    [Fact]
    public void Publish_SameStateAgain_HasTheVersionItHad()
    {
        Publish("ring");
        var (_, changed) = _book.After(0);

        Publish("ring");

        Assert.Equal(1, _book.Published["ring"].Version);
        Assert.True(changed.IsCompleted); // readers look again, and find nothing
        Assert.Empty(_book.After(1).Notices);
    }

    [Fact]
    public void WhenPublished_WantedAndNotPublished_CompletesWhenItIs()
    {
        _book.Want([new ChannelState("ring", "ring", "duplex")]);
        var published = _book.WhenPublished();
        Assert.False(published!.IsCompleted);

        _book.Publish();

        Assert.True(published!.IsCompleted);
        Assert.Null(_book.WhenPublished());
    }

    private void Publish(string channel)
    {
        _book.Want([new ChannelState(channel, "ring", "duplex")]);
        _book.Publish();
    }
}
