using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Channels;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Forwarding;

namespace Proxy.Channels;

/// <summary>Builds what runs on connections of local clients that call members: tracking, and forwarding through a tunnel.</summary>
internal sealed class CallPipelines(
    CurrentChannels channels,
    MemberDialer dialer,
    ForwardDependencies forwarding,
    TrackingMiddleware tracking
)
{
    /// <summary>Options without an idle and a half-close timeout: HTTP/2 pings and TCP keep-alive detect a peer that is gone.</summary>
    public static ForwardOptions WithoutTimeouts { get; } =
        new(new RelayOptions { IdleTimeout = Timeout.InfiniteTimeSpan, HalfCloseTimeout = Timeout.InfiniteTimeSpan }, KeepAlive.Default);

    /// <summary>
    /// Builds the pipeline of a local address. Each connection uses the channel's configuration at the time it is accepted.
    /// </summary>
    /// <param name="key">The address.</param>
    /// <param name="bound">The channel's configuration when the address was bound; used when an edit has removed the channel since.</param>
    public ConnectionDelegate Of(CallKey key, ChannelConfig bound)
    {
        var forward = new ForwardHandler(dialer, client => Target(client, key, Newest(key, bound)), WithoutTimeouts, forwarding);
        var endpoint = ChannelSlots.Endpoint(key.Channel);
        ConnectionDelegate connected = forward.OnConnectedAsync;
        return client => tracking.ServeAsync(client, endpoint, ChannelSlots.Calls, connected);
    }

    /// <summary>Builds the pipeline of a route that names a connector.</summary>
    /// <param name="connector">The name of the connector.</param>
    /// <param name="options">The route's options for its connections.</param>
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
