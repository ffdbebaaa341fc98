using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>Shows operators the state of channels, the members and the open tunnels.</summary>
public sealed class ChannelRegistry
{
    private readonly MemberDirectory _members;
    private readonly MemberSuspicion _suspicion;
    private readonly ConnectionTracker _tracker;

    internal ChannelRegistry(IChannelMonitor monitor, MemberDirectory members, MemberSuspicion suspicion, ConnectionTracker tracker)
    {
        Monitor = monitor;
        _members = members;
        _suspicion = suspicion;
        _tracker = tracker;
    }

    /// <summary>Reports what happens to the channels.</summary>
    public IChannelMonitor Monitor { get; }

    /// <summary>Whether the members may be out of date, since their registry is unreachable.</summary>
    public bool IsStale => _members.Current.Stale;

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
                )),
        ];

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
