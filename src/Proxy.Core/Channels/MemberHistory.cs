using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;

namespace Proxy.Channels;

/// <summary>
/// Since when members are what they are, and which were lost without leaving, for an hour: neither is part of what members publish. Thread-safe, of
/// bounded size.
/// </summary>
internal sealed class MemberHistory(TimeProvider time)
{
    private const int MostLost = 1000;
    private static readonly TimeSpan _remembered = TimeSpan.FromHours(1);

    private readonly Lock _gate = new(); // guards all fields below
    private readonly Dictionary<string, (MemberState State, DateTimeOffset Since)> _states = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _lost = new(StringComparer.Ordinal);
    private DateTimeOffset? _staleSince;
    private MembershipConfig _source = new();
    private MembershipConfig? _sourceOfFull; // of the last complete set

    /// <summary>Since when the registry has been unreachable; null if it is reachable.</summary>
    public DateTimeOffset? StaleSince
    {
        get
        {
            lock (_gate)
            {
                return _staleSince;
            }
        }
    }

    /// <summary>The members that were lost in the last hour and have not come back, with when.</summary>
    public IReadOnlyList<LostMember> Lost
    {
        get
        {
            lock (_gate)
            {
                var now = time.GetUtcNow();
                return
                [
                    .. _lost
                        .Where(pair => now - pair.Value < _remembered)
                        .OrderBy(static pair => pair.Key, StringComparer.Ordinal)
                        .Select(static pair => new LostMember(pair.Key, pair.Value)),
                ];
            }
        }
    }

    /// <summary>Since when a member has published its state; null if it is not known.</summary>
    public DateTimeOffset? SinceOf(string id)
    {
        lock (_gate)
        {
            return _states.TryGetValue(id, out var known) ? known.Since : null;
        }
    }

    /// <summary>Says where members come from from now on. A member that an edit removes is not lost.</summary>
    /// <param name="source">The configuration.</param>
    public void Use(MembershipConfig source)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_source, source))
            {
                foreach (var id in _source.Members.Keys.Where(id => !source.Members.ContainsKey(id)))
                {
                    _lost.Remove(id);
                }

                _source = source;
            }
        }
    }

    /// <summary>Follows an update that was applied.</summary>
    /// <param name="update">The update.</param>
    /// <param name="gone">The ids of the members that are gone because of it.</param>
    /// <param name="current">The members after it.</param>
    public void Follow(MembershipUpdate update, IReadOnlyList<string> gone, MemberSet current)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            _staleSince = current.Stale ? _staleSince ?? now : null;
            foreach (var id in gone)
            {
                _states.Remove(id);
                if (IsLoss(update, id, current))
                {
                    Lose(id, now);
                }
            }

            switch (update)
            {
                case MembershipUpdate.Changed { Member: var member }:
                    Note(member, now);
                    break;
                case MembershipUpdate.Full full:
                    foreach (var member in full.Members)
                    {
                        Note(member, now);
                    }

                    _sourceOfFull = _source;
                    break;
                case MembershipUpdate.Gone { Reason: DepartureReason.Left, Id: var id }:
                    _lost.Remove(id);
                    break;
            }
        }
    }

    // A complete set of another source says nothing about the members of the earlier one; and a member that is refused is there.
    private bool IsLoss(MembershipUpdate update, string id, MemberSet current) =>
        update switch
        {
            MembershipUpdate.Gone gone => gone.Reason != DepartureReason.Left && gone.Id == id,
            MembershipUpdate.Full => !current.Known.ContainsKey(id) && _sourceOfFull is { } before && IsSame(before, _source),
            _ => false,
        };

    private static bool IsSame(MembershipConfig one, MembershipConfig other) =>
        one.Provider.Equals(other.Provider, StringComparison.OrdinalIgnoreCase)
        && one.Dns == other.Dns
        && one.Members.Count == other.Members.Count
        && one.Members.All(pair => other.Members.TryGetValue(pair.Key, out var member) && member == pair.Value);

    private void Note(MemberRecord member, DateTimeOffset now)
    {
        _lost.Remove(member.Id);
        if (!_states.TryGetValue(member.Id, out var known) || known.State != member.State)
        {
            _states[member.Id] = (member.State, now);
        }
    }

    private void Lose(string id, DateTimeOffset now)
    {
        if (_lost.Count >= MostLost)
        {
            _lost.Remove(_lost.MinBy(static pair => pair.Value).Key);
        }

        _lost[id] = now;
    }
}
