using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Diagnostics;
using Proxy.Engine;

namespace Proxy.Channels;

/// <summary>Shows operators the state of channels, the members and the open tunnels; drains members.</summary>
public sealed class ChannelRegistry
{
    private readonly MemberDirectory _members;
    private readonly MemberSuspicion _suspicion;
    private readonly MemberHistory _history;
    private readonly ConnectionTracker _tracker;
    private readonly CurrentChannels _channels;
    private readonly CallListeners _listeners;
    private readonly ReadyProbe _servers;
    private readonly DrainedMembers _drained;

    internal ChannelRegistry(
        IChannelMonitor monitor,
        MemberDirectory members,
        MemberSuspicion suspicion,
        MemberHistory history,
        ConnectionTracker tracker,
        CurrentChannels channels,
        CallListeners listeners,
        ReadyProbe servers,
        DrainedMembers drained
    )
    {
        Monitor = monitor;
        _members = members;
        _suspicion = suspicion;
        _history = history;
        _tracker = tracker;
        _channels = channels;
        _listeners = listeners;
        _servers = servers;
        _drained = drained;
    }

    /// <summary>Reports what happens to the channels.</summary>
    public IChannelMonitor Monitor { get; }

    /// <summary>Whether the members may be out of date, since their registry is unreachable.</summary>
    public bool IsStale => _members.Current.Stale;

    /// <summary>Since when the registry of the members has been unreachable; null if it is reachable.</summary>
    public DateTimeOffset? StaleSince => _history.StaleSince;

    /// <summary>The members that were lost in the last hour without leaving, and have not come back.</summary>
    public IReadOnlyList<LostMember> Lost => _history.Lost;

    /// <summary>What is wrong with each channel.</summary>
    /// <returns>One entry per channel, in the order of names; none if the program was started without channels.</returns>
    public IReadOnlyList<ChannelStatus> Channels() =>
        _channels.IsStarted
            ?
            [
                .. _channels
                    .Config.Items.OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase)
                    .Select(pair => new ChannelStatus(
                        pair.Key,
                        pair.Value.Calls ? _listeners.FailuresOf(pair.Key) : null,
                        pair.Value.Serves ? _servers.FailuresOf(pair.Key) : null
                    )),
            ]
            : [];

    /// <summary>The other instances, by id.</summary>
    /// <returns>Each with what it published last; suspect if it did not answer the last dial.</returns>
    public IReadOnlyList<MemberStatus> Members() =>
        [
            .. _members
                .Current.All.Values.OrderBy(static member => member.Id, StringComparer.Ordinal)
                .Select(member => new MemberStatus(
                    member.Id,
                    member.Epoch,
                    _suspicion.StateOf(member),
                    member.Address,
                    member.LocalAddress.ToString(),
                    member.Role,
                    member.Zone,
                    member.Connectors
                )
                {
                    StateSince = _suspicion.Since(member.Id) ?? _history.SinceOf(member.Id),
                    Drained = _drained.Has(member.Id),
                    DrainedHere = _drained.IsHere(member.Id),
                    DrainedForAll = _drained.ForAll(member.Id),
                }),
        ];

    /// <summary>
    /// Keeps new tunnels from a member, of clients for which a member is chosen; open ones go on, as do clients that name the member by its local address. This
    /// lasts until <see cref="TryUndrain"/> or the end of the program.
    /// </summary>
    /// <param name="member">The id of the member.</param>
    /// <returns>False if there is no such member.</returns>
    public bool TryDrain(string member)
    {
        if (!_members.Current.All.ContainsKey(member))
        {
            return false;
        }

        _drained.Add(member);
        return true;
    }

    /// <summary>Ends the drain of a member at this host; one that all hosts drain stays drained.</summary>
    /// <param name="member">The id of the member.</param>
    /// <returns>False if there is no such member.</returns>
    public bool TryUndrain(string member)
    {
        _drained.Remove(member);
        return _members.Current.All.ContainsKey(member);
    }

    /// <summary>Replaces what all hosts drain: also members that there are not yet.</summary>
    internal void DrainForAll(IReadOnlyDictionary<DrainTarget, DrainOrder> drains) => _drained.SetForAll(drains);

    /// <summary>The connections that go through a tunnel or are being connected through one, oldest first.</summary>
    /// <returns>One entry per connection.</returns>
    public IReadOnlyList<TunnelStatus> Tunnels() =>
        [
            .. _tracker
                .Open.Where(ChannelSlots.IsOne)
                .OrderBy(static record => record.StartedAt)
                .Select(static record => new TunnelStatus(
                    record.Id,
                    ChannelSlots.ChannelOf(record),
                    record.RouteId,
                    ChannelSlots.ConnectorOf(record),
                    record.Slot != ChannelSlots.Serves,
                    record.DestinationId,
                    record.Client?.ToString(),
                    record.StartedAt,
                    record.ClientBytes,
                    record.UpstreamBytes
                )),
        ];
}
