using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Channels;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Forwarding;

namespace Proxy.Channels;

/// <summary>What runs on the connections of clients that call members: forwarding, through the tunnel.</summary>
internal sealed class CallPipelines(CurrentChannels channels, MemberDialer dialer, ForwardServices forwarding, TrackingMiddleware tracking)
{
    /// <summary>Channels have no deadlines of their own: pings and keep-alive say when a peer is gone.</summary>
    public static ForwardOptions Unhurried { get; } =
        new(new RelayOptions { IdleTimeout = Timeout.InfiniteTimeSpan, HalfCloseTimeout = Timeout.InfiniteTimeSpan }, KeepAlive.Default);

    /// <summary>The pipeline of a local address. A connection takes the channel's configuration as it is when the client comes.</summary>
    /// <param name="key">The address.</param>
    /// <param name="bound">Its channel, which applies as well where an edit has taken the channel away meanwhile.</param>
    public ConnectionDelegate Of(CallKey key, ChannelConfig bound)
    {
        var forward = new ForwardHandler(dialer, client => Target(client, key, Newest(key, bound)), Unhurried, forwarding);
        var endpoint = ChannelSlots.Endpoint(key.Channel);
        return client => tracking.OnConnectionAsync(client, endpoint, ChannelSlots.Calls, forward.OnConnectedAsync);
    }

    /// <summary>The pipeline of a route that names a connector.</summary>
    /// <param name="connector">The connector.</param>
    /// <param name="options">What the route says of its connections.</param>
    public ConnectionDelegate OfRoute(string connector, ForwardOptions options) =>
        new ForwardHandler(dialer, client => Target(client, connector), options, forwarding).OnConnectedAsync;

    private ChannelConfig Newest(CallKey key, ChannelConfig bound) => channels.Config.Items.GetValueOrDefault(key.Channel) ?? bound;

    private static MemberEndPoint Target(ConnectionContext client, CallKey key, ChannelConfig channel)
    {
        var record = ConnectionRecord.Of(client);
        record.ClusterId = ChannelSlots.Cluster(channel.Connector);
        return key.Member.Length == 0 ? new(channel, record) : new(channel, record) { Member = key.Member, Port = key.Port };
    }

    private MemberEndPoint Target(ConnectionContext client, string connector)
    {
        var record = ConnectionRecord.Of(client);
        record.ClusterId = ChannelSlots.Cluster(connector);
        return new(channels.Config.Caller(connector), record);
    }
}
