using Microsoft.Extensions.Logging;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Membership;

/// <summary>
/// Translates changes of the members' keys into changes of members. A record that cannot be read is reported once and skipped: the member stays as it was
/// known. Not thread-safe: one caller at a time.
/// </summary>
/// <param name="prefix">What the keys of all members begin with; the id follows.</param>
/// <param name="self">The id of this instance, which is left out.</param>
/// <param name="logger">Logs records that cannot be read.</param>
internal sealed partial class MembersView(string prefix, string self, ILogger logger)
{
    private const int MostReported = 1000;

    private readonly HashSet<string> _unreadable = new(StringComparer.Ordinal);
    private Dictionary<string, MemberRecord> _known = new(StringComparer.Ordinal);

    /// <summary>What an update says of this instance's own key, if anything.</summary>
    public (bool IsTold, StoredKey? Now, long Revision) OwnKey(KeyUpdate update) =>
        update switch
        {
            KeyUpdate.Full full => (true, full.Keys.FirstOrDefault(key => Id(key.Key) == self), full.Revision),
            KeyUpdate.Changed changed when changed.Changes.LastOrDefault(change => Id(change.Key) == self) is { } own => (
                true,
                own.Now,
                changed.Revision
            ),
            _ => (false, null, 0),
        };

    /// <summary>The changes of the other members.</summary>
    public IEnumerable<MembershipUpdate> Take(KeyUpdate update) =>
        update switch
        {
            KeyUpdate.Full full => TakeAll(full),
            KeyUpdate.Changed changed => Together([
                .. changed.Changes.Where(change => Id(change.Key) != self).Select(Take).OfType<MembershipUpdate>(),
            ]),
            KeyUpdate.Stale => [new MembershipUpdate.Stale()],
            _ => [new MembershipUpdate.Fresh()],
        };

    private string Id(string key) => key[prefix.Length..];

    private List<MembershipUpdate> TakeAll(KeyUpdate.Full full)
    {
        var updates = new List<MembershipUpdate>();
        var members = new Dictionary<string, MemberRecord>(full.Keys.Count, StringComparer.Ordinal);
        foreach (var key in full.Keys.Where(key => Id(key.Key) != self))
        {
            var id = Id(key.Key);
            if (Read(id, key, out var left) is { } member)
            {
                members[id] = member;
            }
            else if (left && _known.ContainsKey(id))
            {
                updates.Add(new MembershipUpdate.Gone(id, DepartureReason.Left));
            }
            else if (!left && _known.TryGetValue(id, out var known))
            {
                members[id] = known;
            }
        }

        _known = members;
        _unreadable.IntersectWith(full.Keys.Select(key => Id(key.Key)));
        updates.Add(new MembershipUpdate.Full(full.Revision, [.. members.Values]));
        return updates;
    }

    // Keys that vanish in one step are one loss.
    private static List<MembershipUpdate> Together(List<MembershipUpdate> updates)
    {
        var expired = updates.FindAll(static update => update is MembershipUpdate.Gone { Reason: DepartureReason.Expired });
        return expired.Count < 2
            ? updates
            :
            [
                .. updates.Except(expired),
                new MembershipUpdate.Lost([.. expired.OfType<MembershipUpdate.Gone>().Select(static gone => gone.Id)]),
            ];
    }

    private MembershipUpdate? Take(KeyChange change)
    {
        var id = Id(change.Key);
        if (change.Now is not { } now)
        {
            _unreadable.Remove(id);
            return _known.Remove(id) ? new MembershipUpdate.Gone(id, DepartureReason.Expired) : null;
        }

        if (Read(id, now, out var left) is { } member)
        {
            var isNews = !member.Equals(_known.GetValueOrDefault(id)); // not if it was only put under another lease
            _known[id] = member;
            return isNews ? new MembershipUpdate.Changed(member) : null;
        }

        return left && _known.Remove(id) ? new MembershipUpdate.Gone(id, DepartureReason.Left) : null;
    }

    private MemberRecord? Read(string id, StoredKey key, out bool left)
    {
        var member = HelloLine.ReadWhole(key.Value.Span, out left);
        if (member?.Id == id || left)
        {
            _unreadable.Remove(id);
            return member;
        }

        if (_unreadable.Count < MostReported && _unreadable.Add(id))
        {
            Log.Unreadable(logger, key.Key, key.Value.Length, ChannelLimits.MaxLine);
        }

        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Channels: the engine's key {Key} has {Bytes} bytes that are no record of a member, or one of another id or of more than {MaxBytes} bytes; it is skipped, and the member stays as it was known."
        )]
        public static partial void Unreadable(ILogger logger, string key, int bytes, int maxBytes);
    }
}
