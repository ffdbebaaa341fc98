using Proxy.Etcd.Client;

namespace Proxy.Etcd.Tests.Client;

public sealed class WatchFeedTests
{
    [Fact]
    public async Task Add_MoreThanTheBound_ReaderHasToReadAllKeysAgain()
    {
        var feed = new WatchFeed("/a/", 1, 0, isStale: false);
        var revision = 1L;
        while (feed.Add(Change(++revision, WatchFeed.MostBytes / 4))) { }

        Assert.InRange(revision, 4, 6);
        Assert.True(feed.IsLost);
        Assert.Null(await feed.ReadAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Add_OneLargerThanTheBound_IsTaken()
    {
        var feed = new WatchFeed("/a/", 1, 0, isStale: false);

        Assert.True(feed.Add(Change(2, WatchFeed.MostBytes + 1)));

        Assert.Equal(2, Assert.IsType<KeyUpdate.Changed>(await feed.ReadAsync(CancellationToken.None)).Revision);
        Assert.Equal(2, feed.Revision);
    }

    [Fact]
    public async Task Add_RevisionThatIsKnown_IsLeftOut()
    {
        var feed = new WatchFeed("/a/", 5, 0, isStale: false);

        Assert.True(feed.Add(Change(5, 1)));
        Assert.True(feed.Add(Change(6, 1)));

        Assert.Equal(6, Assert.IsType<KeyUpdate.Changed>(await feed.ReadAsync(CancellationToken.None)).Revision);
    }

    [Fact]
    public async Task Stale_ToldOnceAfterTheChanges_AndThenAllKeysHaveToBeReadAgain()
    {
        var feed = new WatchFeed("/a/", 1, 0, isStale: false);
        feed.Created();
        feed.Add(Change(2, 1));
        feed.Stale("gone");
        feed.Stale("gone for long");

        Assert.IsType<KeyUpdate.Changed>(await feed.ReadAsync(CancellationToken.None));
        Assert.Equal("gone", Assert.IsType<KeyUpdate.Stale>(await feed.ReadAsync(CancellationToken.None)).Reason);
        feed.Created();

        Assert.Null(await feed.ReadAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Created_AfterAllKeysWereReadAgain_IsFresh()
    {
        var feed = new WatchFeed("/a/", 1, 0, isStale: true);

        feed.Created();

        Assert.IsType<KeyUpdate.Fresh>(await feed.ReadAsync(CancellationToken.None));
    }

    private static KeyUpdate.Changed Change(long revision, int bytes) =>
        new(revision, [new KeyChange("/a/b", new StoredKey("/a/b", new byte[bytes], revision, revision, 0))]);
}
