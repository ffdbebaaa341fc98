using Proxy.Configuration.Channels;

namespace Proxy.Channels.Membership;

/// <summary>
/// Decides whether the loss of members is believed. An announced departure is believed at once. When many members fall silent at the same
/// time, or any right after the registry was unreachable, they are queried: those that answer are untouched, the others are held as suspect until they
/// answer or the hold time is over. No one counts as gone before it was queried in vain. Not thread-safe: one caller at a time.
/// </summary>
/// <param name="config">Returns the configuration that applies now.</param>
/// <param name="time">The clock.</param>
internal sealed class LossGuard(Func<MembershipGuardConfig> config, TimeProvider time)
{
    private readonly Dictionary<string, MemberRecord> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Held> _held = new(StringComparer.Ordinal);
    private readonly Queue<long> _lost = new();
    private bool _isStale;
    private long? _away;

    /// <summary>The members whose loss is held back, each with its last known record.</summary>
    public IReadOnlyList<MemberRecord> Doubtful => [.. _held.Keys.Select(id => _known[id])];

    /// <summary>Begins with the members that an earlier start saved: they are known, but not confirmed yet.</summary>
    public IEnumerable<MembershipUpdate> Begin(IReadOnlyList<MemberRecord> kept)
    {
        if (kept.Count == 0)
        {
            return [];
        }

        _isStale = true;
        foreach (var member in kept)
        {
            _known[member.Id] = member with { State = MemberState.Suspect };
            Hold(member.Id);
        }

        return [new MembershipUpdate.Full(0, [.. _known.Values]), new MembershipUpdate.Stale()];
    }

    /// <summary>Processes an update of the provider.</summary>
    /// <returns>The updates that are believed.</returns>
    public IEnumerable<MembershipUpdate> Take(MembershipUpdate update)
    {
        switch (update)
        {
            case MembershipUpdate.Changed { Member: var member }:
                Learn(member);
                return [update];
            case MembershipUpdate.Gone { Reason: DepartureReason.Left, Id: var id }:
                Forget(id);
                return [update];
            case MembershipUpdate.Gone { Id: var id }:
                return Lose([id]);
            case MembershipUpdate.Full full:
                return TakeAll(full);
            default:
                Note(update is MembershipUpdate.Stale);
                return [update];
        }
    }

    /// <summary>
    /// Processes the results of queries: for each member that was queried its record, or null if it has not answered. A member that answers is alive, even
    /// if the registry does not list it; its hold time begins anew when it stops answering.
    /// </summary>
    public IEnumerable<MembershipUpdate> Hear(IEnumerable<(string Id, MemberRecord? Answer)> results)
    {
        var updates = new List<MembershipUpdate>();
        foreach (var (id, answer) in results)
        {
            if (_held.TryGetValue(id, out var held))
            {
                var now = answer ?? _known[id] with { State = MemberState.Suspect };
                (held.Answered, held.Since) = (answer is not null, answer is null ? held.Since : time.GetTimestamp());
                held.IsQueried = true;
                if (!now.Equals(_known[id]))
                {
                    updates.Add(new MembershipUpdate.Changed(_known[id] = now));
                }
            }
        }

        return updates;
    }

    /// <summary>Releases the members whose hold time is over. Those of one loss are released together, as one change.</summary>
    public IEnumerable<MembershipUpdate> Release()
    {
        var hold = config().Hold;
        if (_isStale || !_held.Values.Any(held => held.IsSilent && time.GetElapsedTime(held.Since) >= hold))
        {
            return [];
        }

        var together = hold > HelloWatch.Lease * 2 ? HelloWatch.Lease : hold / 2;
        var due = _held.Where(pair => pair.Value.IsSilent && time.GetElapsedTime(pair.Value.Since) >= hold - together);
        List<MembershipUpdate> gone = [];
        foreach (var (id, _) in due.ToList())
        {
            Forget(id);
            gone.Add(new MembershipUpdate.Gone(id, DepartureReason.Expired));
        }

        return gone;
    }

    private IEnumerable<MembershipUpdate> TakeAll(MembershipUpdate.Full full)
    {
        Note(stale: false);
        var there = full.Members.Select(static member => member.Id).ToHashSet(StringComparer.Ordinal);
        _ = Lose([.. _known.Keys.Where(id => !there.Contains(id))]);
        foreach (var member in full.Members)
        {
            Learn(member);
        }

        return [new MembershipUpdate.Full(full.Revision, [.. _known.Values])];
    }

    private void Note(bool stale)
    {
        _away = _isStale && !stale ? time.GetTimestamp() : _away;
        if (_isStale && !stale)
        {
            // Nothing was known while the registry was unreachable, so the hold time begins now.
            foreach (var held in _held.Values)
            {
                held.Since = time.GetTimestamp();
            }
        }

        _isStale = stale;
    }

    private void Learn(MemberRecord member)
    {
        _known[member.Id] = member;
        if (member.State != MemberState.Suspect)
        {
            _held.Remove(member.Id);
        }
    }

    private void Forget(string id)
    {
        _known.Remove(id);
        _held.Remove(id);
    }

    private List<MembershipUpdate> Lose(IReadOnlyList<string> ids)
    {
        var doubtful = IsDoubtful(ids);
        var updates = new List<MembershipUpdate>();
        foreach (var member in ids.Select(id => _known.GetValueOrDefault(id)).OfType<MemberRecord>())
        {
            if (doubtful)
            {
                Hold(member.Id);
            }
            else
            {
                Forget(member.Id);
                _lost.Enqueue(time.GetTimestamp());
                updates.Add(new MembershipUpdate.Gone(member.Id, DepartureReason.Expired));
            }
        }

        return updates;
    }

    // Suspect members count as lost before their lease is over: leases end one by one, and the first ones would be believed.
    private bool IsDoubtful(IReadOnlyList<string> ids)
    {
        while (_lost.TryPeek(out var first) && time.GetElapsedTime(first) > HelloWatch.Lease)
        {
            _lost.Dequeue();
        }

        var silent = _known
            .Values.Where(member => member.State == MemberState.Suspect || (_held.TryGetValue(member.Id, out var held) && !held.Answered))
            .Select(static member => member.Id);
        var lost = silent.Union(ids, StringComparer.Ordinal).Count() + _lost.Count;
        return _isStale
            || (_away is { } away && time.GetElapsedTime(away) < HelloWatch.Lease)
            || (lost >= 2 && lost > config().MaxLossFraction * (_known.Count + _lost.Count));
    }

    private void Hold(string id) => _held.TryAdd(id, new Held(time.GetTimestamp()));

    private sealed class Held(long since)
    {
        public long Since { get; set; } = since;

        public bool Answered { get; set; }

        public bool IsQueried { get; set; }

        public bool IsSilent => IsQueried && !Answered;
    }
}
