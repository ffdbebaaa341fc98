using Proxy.Configuration.Channels;

namespace Proxy.Channels.Membership;

/// <summary>
/// Decides whether the loss of members is believed. An announced departure is believed at once. When many members fall silent at the same
/// time, or any right after the registry was unreachable, they are queried: those that answer are untouched, the others are held as suspect until they
/// answer or the hold time is over. One of few whose lease ends is gone at its first query in vain: a registry ends leases one by one, so that the first
/// losses of many look like those of few. No one counts as gone before it was queried in vain. Not thread-safe: one caller at a time.
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

    /// <summary>The members whose loss is doubtful, each with its last known record. They are queried again and again.</summary>
    public IReadOnlyList<MemberRecord> Doubtful => Of(isDoubtful: true);

    /// <summary>The members whose loss is believed unless they answer one query, each with its last known record.</summary>
    public IReadOnlyList<MemberRecord> Lost => Of(isDoubtful: false);

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
            Hold(member.Id, doubtful: true);
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
            case MembershipUpdate.Gone { Id: var id, IsQueried: var queried }:
                return Lose([id], queried);
            case MembershipUpdate.Lost { Ids: var ids }:
                return Lose(ids, queried: false);
            case MembershipUpdate.Full full:
                return TakeAll(full);
            default:
                Note(update is MembershipUpdate.Stale);
                return [update];
        }
    }

    /// <summary>
    /// Processes the results of queries: for each member that was queried its record, or null if it has not answered. A member that answers is alive, even
    /// if the registry does not list it; its hold time begins anew when it stops answering. A query that was cut short does not make a doubtful one silent.
    /// </summary>
    public IEnumerable<MembershipUpdate> Hear(IEnumerable<(string Id, MemberRecord? Answer, bool IsCut)> results)
    {
        var updates = new List<MembershipUpdate>();
        foreach (var (id, answer, isCut) in results)
        {
            if (_held.TryGetValue(id, out var held) && !(isCut && held.IsDoubtful))
            {
                held.IsDoubtful |= answer is not null;
                var now = answer ?? (held.IsDoubtful ? _known[id] with { State = MemberState.Suspect } : _known[id]); // gone right after this if it is not
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

    /// <summary>
    /// Releases the members that are gone: doubtful ones when their hold time is over, those of one loss together, as one change; others as soon as they
    /// were queried in vain.
    /// </summary>
    public IEnumerable<MembershipUpdate> Release()
    {
        var hold = config().Hold;
        if (_isStale)
        {
            return [];
        }

        var isOver = _held.Values.Any(held => held is { IsSilent: true, IsDoubtful: true } && time.GetElapsedTime(held.Since) >= hold);
        var together = hold > HelloWatch.Lease * 2 ? HelloWatch.Lease : hold / 2;
        var due = _held.Where(pair =>
            pair.Value.IsSilent && (!pair.Value.IsDoubtful || (isOver && time.GetElapsedTime(pair.Value.Since) >= hold - together))
        );
        List<MembershipUpdate> gone = [];
        foreach (var (id, held) in due.ToList())
        {
            gone.Add(held.IsDoubtful ? Forget(id) : Believe(id));
        }

        return gone;
    }

    private IEnumerable<MembershipUpdate> TakeAll(MembershipUpdate.Full full)
    {
        Note(stale: false);
        var there = full.Members.Select(static member => member.Id).ToHashSet(StringComparer.Ordinal);
        _ = Lose([.. _known.Keys.Where(id => !there.Contains(id))], queried: false);
        foreach (var member in full.Members)
        {
            Learn(member);
        }

        return [new MembershipUpdate.Full(full.Revision, [.. _known.Values])];
    }

    private void Note(bool stale)
    {
        _away = _isStale && !stale ? time.GetTimestamp() : _away;
        foreach (var held in _held.Values)
        {
            // Nothing was known while the registry was unreachable, so the hold time begins when it is back.
            held.IsDoubtful |= stale;
            held.Since = _isStale && !stale ? time.GetTimestamp() : held.Since;
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

    private List<MemberRecord> Of(bool isDoubtful) =>
        [.. _held.Where(pair => pair.Value.IsDoubtful == isDoubtful).Select(pair => _known[pair.Key])];

    private MembershipUpdate.Gone Forget(string id)
    {
        _known.Remove(id);
        _held.Remove(id);
        return new(id, DepartureReason.Expired);
    }

    private MembershipUpdate.Gone Believe(string id)
    {
        _lost.Enqueue(time.GetTimestamp());
        return Forget(id);
    }

    private List<MembershipUpdate> Lose(IReadOnlyList<string> ids, bool queried)
    {
        var doubtful = IsDoubtful(ids);
        foreach (var held in _held.Values)
        {
            held.IsDoubtful |= doubtful; // the first ones of many, which have not been queried yet
        }

        var updates = new List<MembershipUpdate>();
        foreach (var member in ids.Select(id => _known.GetValueOrDefault(id)).OfType<MemberRecord>())
        {
            if (doubtful || !queried || _held.ContainsKey(member.Id))
            {
                Hold(member.Id, doubtful);
            }
            else
            {
                updates.Add(Believe(member.Id));
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

    private void Hold(string id, bool doubtful) => _held.TryAdd(id, new Held(time.GetTimestamp()) { IsDoubtful = doubtful });

    private sealed class Held(long since)
    {
        /// <summary>Whether it is gone only after the hold time, and not at its first query in vain.</summary>
        public bool IsDoubtful { get; set; }

        public long Since { get; set; } = since;

        public bool Answered { get; set; }

        public bool IsQueried { get; set; }

        public bool IsSilent => IsQueried && !Answered;
    }
}
