using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>
/// Sends reads that several clients make at the same time only once, and answers identical reads from a cache for a while. Neither crosses
/// a write: a reply that was read while a unit was being written goes only to clients which asked before the write. Guarded by the
/// session's lock.
/// </summary>
internal sealed class SharedReads(UnitStates units)
{
    private const int MostCached = 4096;
    private readonly Dictionary<UInt128, MultiplexRequest> _leaders = [];
    private readonly Dictionary<UInt128, Cached> _cache = [];

    /// <summary>The cached reply to a request; null if there is none.</summary>
    public byte[]? Find(MultiplexRequest request, long now) =>
        MayShare(request)
        && _cache.TryGetValue(request.ShareKey, out var cached)
        && now < cached.Expires
        && cached.Generation == units.Generation(request)
        && !units.IsBeingWritten(request)
            ? cached.Reply
            : null;

    /// <summary>Makes a request wait for the reply to an identical one; false if there is none.</summary>
    public bool TryJoin(MultiplexRequest request)
    {
        if (!MayShare(request))
        {
            return false;
        }

        if (_leaders.TryGetValue(request.ShareKey, out var leader) && IsCurrent(leader))
        {
            leader.Follow(request);
            return true;
        }

        return false;
    }

    /// <summary>Makes a request one whose reply others can wait for.</summary>
    public void Lead(MultiplexRequest request)
    {
        if (request.ShareKey != 0)
        {
            _leaders[request.ShareKey] = request;
        }
    }

    /// <summary>Keeps further requests from waiting for this one's reply.</summary>
    public void Forget(MultiplexRequest request)
    {
        if (request.ShareKey != 0 && _leaders.TryGetValue(request.ShareKey, out var leader) && leader == request)
        {
            _leaders.Remove(request.ShareKey);
        }
    }

    /// <summary>Caches a reply, unless it may be older than a write.</summary>
    public void Keep(MultiplexRequest request, ReadOnlySpan<byte> reply, ReplyMeaning meaning, long now, UpstreamSettings settings)
    {
        if (
            settings.Sharing.KeptFor == TimeSpan.Zero
            || request.ShareKey == 0
            || request.Generation != units.Generation(request)
            || units.IsBeingWritten(request)
            || meaning != ReplyMeaning.Answer // an identical request may succeed
        )
        {
            return;
        }

        if (_cache.Count >= MostCached)
        {
            DropExpired(now);
        }

        _cache[request.ShareKey] = new(reply.ToArray(), now + (long)settings.Sharing.KeptFor.TotalMilliseconds, request.Generation);
    }

    /// <summary>Forgets everything, since the settings have changed; replies to earlier requests go only to their clients.</summary>
    public void Clear()
    {
        _cache.Clear();
        _leaders.Clear();
    }

    /// <summary>
    /// Picks, among the requests that wait for one which will not be sent, the one to send instead; null if there is none.
    /// </summary>
    public MultiplexRequest? Promote(MultiplexRequest request)
    {
        Forget(request);
        var next = request.Followers;
        request.Followers = null;
        while (next is { Lane.IsGone: true })
        {
            next = next.Next;
        }

        if (next is not null)
        {
            next.Lead(request);
            Lead(next);
        }

        return next;
    }

    // A client must see its own writes, so its reads are not shared while one is pending.
    private static bool MayShare(MultiplexRequest request) => request.ShareKey != 0 && request.Lane!.PendingWrites == 0;

    private bool IsCurrent(MultiplexRequest leader) =>
        leader.Started == 0 || (leader.Generation == units.Generation(leader) && !units.IsBeingWritten(leader));

    private void DropExpired(long now)
    {
        foreach (var (key, cached) in _cache)
        {
            if (now >= cached.Expires)
            {
                _cache.Remove(key);
            }
        }

        if (_cache.Count >= MostCached)
        {
            _cache.Clear();
        }
    }

    private readonly record struct Cached(byte[] Reply, long Expires, long Generation);
}
