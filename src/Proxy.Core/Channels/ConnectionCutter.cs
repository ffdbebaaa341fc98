using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>
/// Closes open tunnels that are not allowed any more: the member is gone, or an edit or another certificate forbids them.
/// </summary>
internal sealed class ConnectionCutter(ConnectionTracker tracker, ConnectionDrain drain, TimeProvider time)
{
    private static readonly TimeSpan _glance = TimeSpan.FromMilliseconds(50);

    /// <summary>Closes the tunnels of a member that is gone, at once or after a time limit; not if the member is back by then.</summary>
    public void CutGone(string member, TimeSpan limit, Func<bool> isBack) =>
        Cut(Open().Where(record => record.DestinationId == member), limit, ConnectionOutcome.MemberGone, isBack);

    /// <summary>
    /// Closes the tunnels of a member that does not answer and which have connections of their own, after a time limit and not if the member has answered by then.
    /// The kernel of a process that is frozen acknowledges all bytes, so that only what is asked over HTTP/2 tells; streams end with its connection.
    /// </summary>
    public void CutLost(string member, TimeSpan limit, Func<bool> isBack) =>
        Cut(Open().Where(record => record.HasOwnTunnel && record.DestinationId == member), limit, ConnectionOutcome.TunnelLost, isBack);

    /// <summary>Closes the tunnels of channels that are gone, and those that the configuration does not allow any more.</summary>
    public void CutRefused(ChannelsConfig config, MemberSet members)
    {
        foreach (var record in Open())
        {
            if (ChannelSlots.ChannelOf(record) is { } name && !IsThere(config, name, record))
            {
                record.Close(ConnectionOutcome.Drained);
            }
            else if (record.DestinationId is { } member && !IsAllowed(config, record, member, members))
            {
                record.Close(ConnectionOutcome.Denied);
            }
        }
    }

    /// <summary>Waits until no tunnel is open; closes the remaining ones when the token is cancelled.</summary>
    public async Task DrainAsync(CancellationToken limit)
    {
        while (Open().Any() && !limit.IsCancellationRequested)
        {
            await Task.Delay(_glance, time, limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        foreach (var record in Open())
        {
            record.Close(ConnectionOutcome.Drained);
        }
    }

    private void Cut(IEnumerable<ConnectionRecord> tunnels, TimeSpan limit, ConnectionOutcome outcome, Func<bool> isBack)
    {
        foreach (var record in tunnels)
        {
            drain.Begin(record, limit, outcome, isBack);
        }
    }

    private IEnumerable<ConnectionRecord> Open() => tracker.Open.Where(ChannelSlots.IsOne);

    private static bool IsThere(ChannelsConfig config, string name, ConnectionRecord record) =>
        config.Items.TryGetValue(name, out var channel) && channel.IsOf(ChannelSlots.ConnectorOf(record));

    private static bool IsAllowed(ChannelsConfig config, ConnectionRecord record, string member, MemberSet members) =>
        record.Slot == ChannelSlots.Serves
            ? config.Server(ChannelSlots.ConnectorOf(record)) is var (_, served)
                && (IsLeftToItsEnd(served, member, members) || served.Allows(member, members))
            : Caller(config, record) is { Calls: true } called && called.Accepts(member);

    // A peer that was allowed only as a member, and is none any more, is handled like a member that is gone, whose connections have a time
    // limit.
    private static bool IsLeftToItsEnd(ChannelConfig channel, string member, MemberSet members) =>
        channel.Allow is null && !members.All.ContainsKey(member);

    private static ChannelConfig? Caller(ChannelsConfig config, ConnectionRecord record) =>
        ChannelSlots.ChannelOf(record) is { } name ? config.Items[name] : config.Caller(ChannelSlots.ConnectorOf(record));
}
