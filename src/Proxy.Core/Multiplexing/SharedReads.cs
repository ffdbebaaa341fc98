using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Modbus;

namespace Proxy.Multiplexing;

/// <summary>
/// Modbus reads that several clients ask for at once are sent once, and what was read may answer the same question again for a while. Neither ever
/// crosses a write: what was read while a unit was written to is given to those who asked before and to nobody else. Guarded by the session.
/// </summary>
internal sealed class SharedReads(ModbusUnits units)
{
    private const int MostCached = 4096;
    private readonly Dictionary<ulong, MultiplexRequest> _leaders = [];
    private readonly Dictionary<ulong, Cached> _cache = [];

    /// <summary>What answers a request without asking; null if nothing does.</summary>
    public byte[]? Find(MultiplexRequest request, long now) =>
        MayShare(request)
        && _cache.TryGetValue(request.ReadKey, out var cached)
        && now < cached.Expires
        && cached.Generation == units.Generation(request.Unit)
        && !units.IsBeingWritten(request.Unit)
            ? cached.Reply
            : null;

    /// <summary>Lets a request wait for the reply to the same one; else it becomes the one that others may wait for.</summary>
    public bool TryJoin(MultiplexRequest request)
    {
        if (!MayShare(request))
        {
            return false;
        }

        if (_leaders.TryGetValue(request.ReadKey, out var leader) && IsCurrent(leader))
        {
            leader.Follow(request);
            return true;
        }

        return false;
    }

    /// <summary>Lets others wait for a request's reply.</summary>
    public void Lead(MultiplexRequest request)
    {
        if (request.ReadKey != 0)
        {
            _leaders[request.ReadKey] = request;
        }
    }

    /// <summary>Nobody may join it any more.</summary>
    public void Forget(MultiplexRequest request)
    {
        if (request.ReadKey != 0 && _leaders.TryGetValue(request.ReadKey, out var leader) && leader == request)
        {
            _leaders.Remove(request.ReadKey);
        }
    }

    /// <summary>Keeps a reply, unless it may be older than a write.</summary>
    public void Keep(MultiplexRequest request, ReadOnlySpan<byte> reply, long now, UpstreamSettings settings)
    {
        if (
            settings.CacheFor == TimeSpan.Zero
            || request.ReadKey == 0
            || request.UnitGeneration != units.Generation(request.Unit)
            || units.IsBeingWritten(request.Unit)
            || !IsAnswer(reply, settings.Framer)
        )
        {
            return;
        }

        if (_cache.Count >= MostCached)
        {
            DropExpired(now);
        }

        _cache[request.ReadKey] = new(reply.ToArray(), now + (long)settings.CacheFor.TotalMilliseconds, request.UnitGeneration);
    }

    /// <summary>Settings have changed: what was asked under the old ones is for those who asked.</summary>
    public void Clear()
    {
        _cache.Clear();
        _leaders.Clear();
    }

    /// <summary>Of those that wait for a request that will not be sent, the one that takes its place; null if nobody does.</summary>
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
    private static bool MayShare(MultiplexRequest request) => request.ReadKey != 0 && request.Lane!.PendingWrites == 0;

    private bool IsCurrent(MultiplexRequest leader) =>
        leader.Started == 0 || (leader.UnitGeneration == units.Generation(leader.Unit) && !units.IsBeingWritten(leader.Unit));

    // Exceptions pass; the next one who asks may have more luck.
    private static bool IsAnswer(ReadOnlySpan<byte> reply, IMessageFramer framer)
    {
        Span<byte> adu = stackalloc byte[ModbusRules.MaxAdu];
        return RequestTranslator.Modbus(framer)?.Unwrap(reply, adu) >= 2 && (adu[1] & ModbusRules.ExceptionBit) == 0;
    }

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
