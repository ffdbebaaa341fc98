using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>
/// Reads that several clients ask for at once are sent once, and what was read may answer the same question again for a while. Neither ever
/// crosses a write: what was read while a unit was written to is given to those that had asked before, and to no other. Guarded by the session.
/// </summary>
internal sealed class SharedReads(UnitStates units)
{
    private const int MostCached = 4096;
    private readonly Dictionary<UInt128, MultiplexRequest> _leaders = [];
    private readonly Dictionary<UInt128, Cached> _cache = [];

    /// <summary>What answers a request without asking; null if nothing does.</summary>
    public byte[]? Find(MultiplexRequest request, long now) =>
        MayShare(request)
        && _cache.TryGetValue(request.ShareKey, out var cached)
        && now < cached.Expires
        && cached.Generation == units.Generation(request)
        && !units.IsBeingWritten(request)
            ? cached.Reply
            : null;

    /// <summary>Lets a request wait for the reply to the same one; else it becomes the one that others may wait for.</summary>
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

    /// <summary>Lets others wait for a request's reply.</summary>
    public void Lead(MultiplexRequest request)
    {
        if (request.ShareKey != 0)
        {
            _leaders[request.ShareKey] = request;
        }
    }

    /// <summary>No other request may join it any more.</summary>
    public void Forget(MultiplexRequest request)
    {
        if (request.ShareKey != 0 && _leaders.TryGetValue(request.ShareKey, out var leader) && leader == request)
        {
            _leaders.Remove(request.ShareKey);
        }
    }

    /// <summary>Keeps a reply, unless it may be older than a write.</summary>
    public void Keep(MultiplexRequest request, ReadOnlySpan<byte> reply, long now, UpstreamSettings settings)
    {
        if (
            settings.Sharing.KeptFor == TimeSpan.Zero
            || request.ShareKey == 0
            || request.Generation != units.Generation(request)
            || units.IsBeingWritten(request)
            || settings.Framer.Rules.Judge(request.Sent.Span, reply) != ReplyMeaning.Answer // the next request may have more luck
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

    /// <summary>Settings have changed: what was asked under the old ones is for those that asked.</summary>
    public void Clear()
    {
        _cache.Clear();
        _leaders.Clear();
    }

    /// <summary>Of those that wait for a request that will not be sent, the one that takes its place; null if there is none.</summary>
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

    // A client's own write comes before its read, whatever others have asked for.
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
