using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Configuration.Channels;

namespace Proxy.Channels;

/// <summary>Gives the monitor the state of each channel, from which local programs are notified.</summary>
internal sealed class ChannelReport(ThisInstance instance, CallListeners listeners, ChannelMonitor monitor, TimeProvider time)
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(5);
    private static readonly DebounceConfig _atOnce = new() { Min = TimeSpan.Zero, Max = TimeSpan.Zero };

    /// <summary>Reports the present states.</summary>
    /// <param name="config">The section Channels by which the local addresses were bound.</param>
    /// <param name="members">The members; null when the channels end, which is reported without a delay.</param>
    public void Report(ChannelsConfig config, MemberSet? members) =>
        monitor.Set(members is null ? [] : Of(config, members), members is null ? _atOnce : config.Notify.Debounce);

    /// <summary>Reports, after all states, that local servers can be started.</summary>
    public async Task ReportReadyAsync(CancellationToken cancellationToken)
    {
        await monitor.PublishedAsync(cancellationToken);
        monitor.OnReady();
    }

    /// <summary>Waits until all changes are reported, 5 s at most.</summary>
    public async Task PublishedAsync()
    {
        using var limit = new CancellationTokenSource(_limit, time);
        await monitor.PublishedAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Reports without a delay that the channels have ended, as the last notification.</summary>
    public async Task FinishAsync()
    {
        monitor.Set([], _atOnce);
        await monitor.FinishAsync();
        monitor.OnClosed();
    }

    private List<ChannelState> Of(ChannelsConfig config, MemberSet members) =>
        [.. config.Items.Select(pair => Of(pair.Key, pair.Value, members))];

    private ChannelState Of(string name, ChannelConfig channel, MemberSet members)
    {
        var state = new ChannelState(name, channel.Connector, channel.Type!.Value.ToString().ToLowerInvariant())
        {
            Stale = members.Stale,
            Ip = instance.BindIp.ToString(),
            Port = channel.AllPorts[0],
        };
        if (channel.Type == ChannelType.Request)
        {
            var bound = listeners.Bound(new(name, "", channel.Port!.Value));
            return state with { Listening = bound is not null, Ip = bound?.Address.ToString() };
        }

        return channel.Calls ? state with { Listening = true, Members = [.. Members(name, channel, members)] } : state;
    }

    // Only members whose address is bound are reported, since local clients connect as soon as they are notified.
    private IEnumerable<ChannelMemberState> Members(string name, ChannelConfig channel, MemberSet members) =>
        from pair in channel.Reachable(members)
        let bound = listeners.Bound(new(name, pair.Member.Id, pair.Port))
        where bound is not null
        select new ChannelMemberState(pair.Member.Id, bound.Address.ToString(), bound.Port, pair.Member.State, pair.Member.Epoch);
}
