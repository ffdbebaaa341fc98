using Proxy.Etcd.Protocol;

namespace Proxy.Etcd.Client;

/// <summary>Which watch of a stream is of which feed: makes requests of feeds, and gives feeds what comes for them. Thread-safe.</summary>
/// <param name="health">Knows whether the data is another one.</param>
internal sealed class WatchTable(EtcdHealth health)
{
    private readonly Lock _gate = new(); // guards all below
    private readonly Dictionary<long, WatchFeed> _feeds = [];
    private readonly List<long> _unanswered = []; // creations are answered in their order
    private readonly Dictionary<long, List<Event>> _fragments = [];
    private long _last;
    private string? _refusal;

    /// <summary>How many watches there are.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _feeds.Count;
            }
        }
    }

    /// <summary>Whether a creation is not answered yet.</summary>
    public bool IsWaiting
    {
        get
        {
            lock (_gate)
            {
                return _unanswered.Count > 0;
            }
        }
    }

    /// <summary>The last refusal of a watch; null if none was refused, or after it was taken.</summary>
    public string? TakeRefusal()
    {
        lock (_gate)
        {
            var refusal = _refusal;
            _refusal = null;
            return refusal;
        }
    }

    /// <summary>The requests that make the watches those of the feeds: each goes on from what it knows.</summary>
    public List<WatchRequest> Compare(IReadOnlyList<WatchFeed> wanted)
    {
        var requests = new List<WatchRequest>();
        lock (_gate)
        {
            foreach (var (id, feed) in _feeds.ToList())
            {
                if (feed.IsLost || !wanted.Contains(feed))
                {
                    Remove(id);
                    requests.Add(new() { CancelRequest = new() { WatchId = id } });
                }
            }

            foreach (var feed in wanted.Where(feed => !feed.IsLost && !_feeds.ContainsValue(feed)))
            {
                var id = ++_last;
                _feeds.Add(id, feed);
                _unanswered.Add(id);
                requests.Add(new() { CreateRequest = Create(feed, id) });
            }
        }

        return requests;
    }

    /// <summary>Takes a response. True if a watch has become useless.</summary>
    public bool Take(WatchResponse response)
    {
        lock (_gate)
        {
            if (response.Created)
            {
                return Created(response);
            }

            if (!_feeds.TryGetValue(response.WatchId, out var feed))
            {
                return false; // it was cancelled here, or answers the question where the stream is
            }

            if (response.Canceled || feed.Data != health.Data)
            {
                return Lose(response.WatchId, feed); // compaction has no reason, and comes after the creation
            }

            if (response.Fragment)
            {
                Fragments(response.WatchId).AddRange(response.Events);
                return false;
            }

            if (response.Events.Count == 0)
            {
                feed.Advance(response.Header.Revision);
                return false;
            }

            _fragments.Remove(response.WatchId, out var events);
            return !Add(feed, [.. events ?? [], .. response.Events]);
        }
    }

    private static WatchCreateRequest Create(WatchFeed feed, long id) =>
        new()
        {
            Key = KeyRange.First(feed.Prefix),
            RangeEnd = KeyRange.End(feed.Prefix),
            StartRevision = feed.Revision + 1,
            ProgressNotify = true,
            Fragment = true,
            WatchId = id,
        };

    // A refusal has the id -1.
    private bool Created(WatchResponse response)
    {
        var id = _unanswered.Contains(response.WatchId) ? response.WatchId : _unanswered.FirstOrDefault();
        _unanswered.Remove(id);
        if (!_feeds.TryGetValue(id, out var feed))
        {
            return false; // nothing wants it any longer
        }

        // A revision before the known one: the data is another, or the member is behind. Reading all keys shows which.
        if (response.Canceled || feed.Data != health.Data || response.Header.Revision < feed.Revision)
        {
            _refusal = response.Canceled && response.CompactRevision == 0 ? response.CancelReason : _refusal;
            return Lose(id, feed);
        }

        feed.Created();
        return feed.IsLost && Lose(id, feed);
    }

    private bool Lose(long id, WatchFeed feed)
    {
        Remove(id);
        feed.Lose();
        return true;
    }

    private void Remove(long id)
    {
        _feeds.Remove(id);
        _fragments.Remove(id);
    }

    private List<Event> Fragments(long id)
    {
        if (!_fragments.TryGetValue(id, out var list))
        {
            _fragments[id] = list = [];
        }

        return list;
    }

    private static bool Add(WatchFeed feed, List<Event> events)
    {
        var isTaken = true;
        for (var i = 0; i < events.Count && isTaken; )
        {
            var revision = events[i].Kv.ModRevision;
            var changes = new List<KeyChange>();
            for (; i < events.Count && events[i].Kv.ModRevision == revision; i++)
            {
                var isGone = events[i].Type == Event.Types.EventType.Delete;
                changes.Add(new(events[i].Kv.Key.ToStringUtf8(), isGone ? null : KeyRange.Stored(events[i].Kv)));
            }

            isTaken = feed.Add(new(revision, changes));
        }

        return isTaken;
    }
}
