using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>What operators see of channels: their states, the members, the open tunnels.</summary>
public sealed class ChannelRegistry
{
    private readonly MemberDirectory _members;
    private readonly ConnectionTracker _tracker;

    internal ChannelRegistry(IChannelMonitor monitor, MemberDirectory members, ConnectionTracker tracker)
    {
        Monitor = monitor;
        _members = members;
        _tracker = tracker;
    }

    /// <summary>Tells what becomes of the channels.</summary>
    public IChannelMonitor Monitor { get; }

    /// <summary>Whether the registry of members is away, so that they may be others by now.</summary>
    public bool IsStale => _members.Current.Stale;

    /// <summary>The other instances, by id.</summary>
    /// <returns>What they said last.</returns>
    public IReadOnlyList<MemberStatus> Members() =>
        [
            .. _members
                .Current.All.Values.OrderBy(static member => member.Id, StringComparer.Ordinal)
                .Select(static member => new MemberStatus(
                    member.Id,
                    member.Epoch,
                    member.State,
                    member.Address,
                    member.LocalAddress.ToString(),
                    member.Role,
                    member.Zone,
                    member.Connectors
                )),
        ];

    /// <summary>The connections that go through a tunnel now, or are about to, the oldest first.</summary>
    /// <returns>One entry each.</returns>
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
