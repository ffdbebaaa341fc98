using System.Runtime.CompilerServices;
using Proxy.Configuration;

namespace Proxy.Channels.Membership;

/// <summary>
/// Stands between a provider and those who use its members. It believes a leave at once, and the silence of many at once, or right
/// after the registry was away, only when it has lasted and they do not answer when asked.
/// </summary>
/// <param name="inner">The provider's session.</param>
/// <param name="kept">The last set of an earlier start: known, and not confirmed yet.</param>
/// <param name="config">What applies now.</param>
/// <param name="ask">Asks a member itself.</param>
/// <param name="time">The clock.</param>
internal sealed class GuardedMembership(
    IMembershipSession inner,
    IReadOnlyList<MemberRecord> kept,
    Func<MembershipGuardConfig> config,
    Func<MemberRecord, CancellationToken, Task<MemberRecord?>> ask,
    TimeProvider time
) : IMembershipSession
{
    private const int AskedAtOnce = 32;
    private static readonly TimeSpan _review = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _askAgain = TimeSpan.FromSeconds(2);

    // All are the reader's alone.
    private readonly Dictionary<string, MemberRecord> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Held> _held = new(StringComparer.Ordinal);
    private readonly Queue<long> _lost = new();
    private bool _isStale;
    private long? _away;
    private Task<IReadOnlyList<MemberRecord>>? _asking;
    private long _asked;

    /// <summary>Whether the provider has said who is there, or that it cannot say.</summary>
    public bool IsKnown { get; private set; }

    public Task PublishAsync(MemberRecord self, CancellationToken cancellationToken) => inner.PublishAsync(self, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    public async IAsyncEnumerable<MembershipUpdate> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var update in Begin())
        {
            yield return update;
        }

        await using var updates = inner.ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        var next = updates.MoveNextAsync().AsTask();
        Task? tick = null;
        while (await WaitAsync(next, Task.WhenAny(tick ??= NextReview(cancellationToken), _asking ?? tick), cancellationToken))
        {
            if (next.IsCompleted)
            {
                if (!await next)
                {
                    yield break;
                }

                foreach (var update in Take(updates.Current))
                {
                    yield return update;
                }

                next = updates.MoveNextAsync().AsTask();
            }

            tick = tick is { IsCompleted: true } ? null : tick;
            foreach (var update in await ReviewAsync(cancellationToken))
            {
                yield return update;
            }
        }
    }

    private Task NextReview(CancellationToken cancellationToken) => Task.Delay(_review, time, cancellationToken);

    // The provider's stream may not be left while it is being read.
    private static async Task<bool> WaitAsync(Task next, Task other, CancellationToken cancellationToken)
    {
        await Task.WhenAny(next, other);
        if (cancellationToken.IsCancellationRequested)
        {
            await next.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return !cancellationToken.IsCancellationRequested;
    }

    private IEnumerable<MembershipUpdate> Begin()
    {
        if (kept.Count == 0)
        {
            yield break;
        }

        _isStale = true;
        foreach (var member in kept)
        {
            Hold(member);
        }

        yield return new MembershipUpdate.Full(0, [.. _known.Values]);
        yield return new MembershipUpdate.Stale();
    }

    private IEnumerable<MembershipUpdate> Take(MembershipUpdate update)
    {
        IsKnown = true;
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

    private IEnumerable<MembershipUpdate> TakeAll(MembershipUpdate.Full full)
    {
        Note(stale: false);
        var there = full.Members.Select(static member => member.Id).ToHashSet(StringComparer.Ordinal);
        var missing = _known.Keys.Where(id => !there.Contains(id)).ToList();
        _ = Lose(missing);
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
            // While the registry was away nothing was known; the time to answer begins now.
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
                updates.Add(new MembershipUpdate.Changed(Hold(member)));
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

    // Those that do not answer count before they have expired: they expire one by one, and the first would be believed.
    private bool IsDoubtful(IReadOnlyList<string> ids)
    {
        while (_lost.TryPeek(out var first) && time.GetElapsedTime(first) > HelloWatch.Lease)
        {
            _lost.Dequeue();
        }

        var silent = _known.Values.Where(static member => member.State == MemberState.Suspect).Select(static member => member.Id);
        var lost = silent.Union(ids, StringComparer.Ordinal).Count() + _lost.Count;
        return _isStale
            || (_away is { } away && time.GetElapsedTime(away) < HelloWatch.Lease)
            || (lost >= 2 && lost > config().MaxLossFraction * (_known.Count + _lost.Count));
    }

    private MemberRecord Hold(MemberRecord member)
    {
        _held.TryAdd(member.Id, new Held(time.GetTimestamp()));
        return _known[member.Id] = member with { State = MemberState.Suspect };
    }

    private async Task<IReadOnlyList<MembershipUpdate>> ReviewAsync(CancellationToken cancellationToken)
    {
        var updates = new List<MembershipUpdate>();
        if (_asking is { IsCompleted: true })
        {
            updates.AddRange(Hear(await _asking));
            (_asking, _asked) = (null, time.GetTimestamp());
        }

        if (_asking is null && _held.Count > 0 && (_asked == 0 || time.GetElapsedTime(_asked) >= _askAgain))
        {
            _asking = AskAsync([.. _held.Keys.Select(id => _known[id])], cancellationToken);
        }

        updates.AddRange(Release());
        return updates;
    }

    // One that answers is there, whatever its registry says; from its last answer on it is silent.
    private List<MembershipUpdate> Hear(IReadOnlyList<MemberRecord> answers)
    {
        var updates = new List<MembershipUpdate>();
        foreach (var member in answers.Where(member => _held.ContainsKey(member.Id)))
        {
            _held[member.Id] = new Held(time.GetTimestamp()) { Answered = true };
            updates.Add(new MembershipUpdate.Changed(_known[member.Id] = member));
        }

        var answered = answers.Select(static member => member.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var (id, held) in _held.Where(pair => pair.Value.Answered && !answered.Contains(pair.Key)))
        {
            held.Answered = false;
            updates.Add(new MembershipUpdate.Changed(_known[id] = _known[id] with { State = MemberState.Suspect }));
        }

        return updates;
    }

    // All of one loss go together, in one change.
    private List<MembershipUpdate> Release()
    {
        var hold = config().Hold;
        if (_isStale || !_held.Values.Any(held => !held.Answered && time.GetElapsedTime(held.Since) >= hold))
        {
            return [];
        }

        var together = hold > HelloWatch.Lease * 2 ? HelloWatch.Lease : hold / 2;
        var due = _held.Where(pair => !pair.Value.Answered && time.GetElapsedTime(pair.Value.Since) >= hold - together);
        List<MembershipUpdate> gone = [];
        foreach (var (id, _) in due.ToList())
        {
            Forget(id);
            gone.Add(new MembershipUpdate.Gone(id, DepartureReason.Expired));
        }

        return gone;
    }

    private async Task<IReadOnlyList<MemberRecord>> AskAsync(IReadOnlyList<MemberRecord> members, CancellationToken cancellationToken)
    {
        var answers = new List<MemberRecord>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = AskedAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            members,
            options,
            async (member, token) =>
            {
                if (await ask(member, token) is { } answer && answer.Id == member.Id)
                {
                    lock (answers)
                    {
                        answers.Add(answer);
                    }
                }
            }
        );
        return answers;
    }

    private sealed class Held(long since)
    {
        public long Since { get; set; } = since;

        public bool Answered { get; set; }
    }
}
