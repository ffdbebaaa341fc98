using Google.Protobuf;
using Proxy.Etcd.Client;
using Proxy.Etcd.Protocol;

namespace Proxy.Etcd.Tests.Client;

public sealed class WatchTableTests
{
    private readonly EtcdHealth _health = new(null, TimeProvider.System);
    private readonly WatchTable _table;
    private readonly WatchFeed _feed = new("/a/", 5, 0, isStale: false);

    public WatchTableTests() => _table = new(_health);

    [Fact]
    public void Compare_FeedThatKnowsARevision_IsCreatedFromTheNextOne()
    {
        var create = Assert.Single(_table.Compare([_feed])).CreateRequest;

        Assert.Equal(
            ("/a/", "/a0", 6, true),
            (create.Key.ToStringUtf8(), create.RangeEnd.ToStringUtf8(), create.StartRevision, create.Fragment)
        );
        Assert.True(_table.IsWaiting);
        Assert.Empty(_table.Compare([_feed]));
    }

    [Fact]
    public async Task Take_Fragments_AreOneChangeOfEachRevision()
    {
        var id = Create();

        Assert.False(_table.Take(Response(id, Put("/a/1", 6), Put("/a/2", 6), isFragment: true)));
        Assert.False(_table.Take(Response(id, Put("/a/3", 6), Put("/a/1", 7))));

        var first = Assert.IsType<KeyUpdate.Changed>(await _feed.ReadAsync(CancellationToken.None));
        Assert.Equal((6, "/a/1 /a/2 /a/3"), (first.Revision, string.Join(' ', first.Changes.Select(static change => change.Key))));
        var second = Assert.IsType<KeyUpdate.Changed>(await _feed.ReadAsync(CancellationToken.None));
        Assert.Equal((7, "/a/1"), (second.Revision, Assert.Single(second.Changes).Key));
    }

    [Fact]
    public void Take_CompactedAfterTheCreation_AllKeysHaveToBeReadAgain()
    {
        var id = Create();

        Assert.True(
            _table.Take(
                new()
                {
                    Header = Header(9),
                    WatchId = id,
                    Canceled = true,
                    CompactRevision = 8,
                }
            )
        );

        Assert.True(_feed.IsLost);
        Assert.Equal(0, _table.Count);
        Assert.Null(_table.TakeRefusal());
    }

    [Fact]
    public void Take_Refused_IsOfTheOldestCreationAndTold()
    {
        _table.Compare([_feed]);

        Assert.True(
            _table.Take(
                new()
                {
                    Header = Header(9),
                    WatchId = -1,
                    Created = true,
                    Canceled = true,
                    CancelReason = "permission denied",
                }
            )
        );

        Assert.True(_feed.IsLost);
        Assert.False(_table.IsWaiting);
        Assert.Equal("permission denied", _table.TakeRefusal());
        Assert.Null(_table.TakeRefusal());
    }

    [Fact]
    public void Take_RevisionBeforeTheKnownOne_AllKeysHaveToBeReadAgain()
    {
        var id = _table.Compare([_feed])[0].CreateRequest.WatchId;

        Assert.True(
            _table.Take(
                new()
                {
                    Header = Header(4),
                    WatchId = id,
                    Created = true,
                }
            )
        );

        Assert.True(_feed.IsLost);
    }

    [Fact]
    public void Take_DataIsAnother_AllKeysHaveToBeReadAgain()
    {
        var id = Create();
        _health.LeaseVanished();

        Assert.True(_table.Take(Response(id, Put("/a/1", 6))));

        Assert.True(_feed.IsLost);
    }

    [Fact]
    public void Take_ProgressOfAWatch_IsWhereItGoesOn()
    {
        var id = Create();

        Assert.False(_table.Take(Response(-1)));
        Assert.Equal(5, _feed.Revision);
        Assert.False(_table.Take(Response(id)));

        Assert.Equal(9, _feed.Revision);
    }

    [Fact]
    public void Compare_FeedIsGoneOrLost_ItsWatchIsCancelled()
    {
        var id = Create();

        Assert.Equal(id, Assert.Single(_table.Compare([])).CancelRequest.WatchId);
        Assert.False(_table.Take(Response(id, Put("/a/1", 6))));
        id = Create();
        _feed.Lose();

        Assert.Equal(id, Assert.Single(_table.Compare([_feed])).CancelRequest.WatchId);
    }

    private static ResponseHeader Header(long revision) => new() { ClusterId = 1, Revision = revision };

    private static Event Put(string key, long revision) =>
        new()
        {
            Kv = new() { Key = ByteString.CopyFromUtf8(key), ModRevision = revision },
        };

    private static WatchResponse Response(long id, params ReadOnlySpan<Event> events) => Response(id, isFragment: false, events);

    private static WatchResponse Response(long id, Event first, Event second, bool isFragment) => Response(id, isFragment, first, second);

    private static WatchResponse Response(long id, bool isFragment, params ReadOnlySpan<Event> events)
    {
        var response = new WatchResponse
        {
            Header = Header(9),
            WatchId = id,
            Fragment = isFragment,
        };
        response.Events.AddRange(events.ToArray());
        return response;
    }

    private long Create()
    {
        var id = Assert.Single(_table.Compare([_feed])).CreateRequest.WatchId;
        Assert.False(
            _table.Take(
                new()
                {
                    Header = Header(9),
                    WatchId = id,
                    Created = true,
                }
            )
        );
        return id;
    }
}
