using Microsoft.AspNetCore.Connections;
using Proxy.Configuration;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>What runs on the connections of local clients: tracking, then forwarding to a member.</summary>
internal sealed class CallPipelines(CurrentChannels channels, MemberForwarding forwarding, TrackingMiddleware tracking)
{
    /// <summary>The pipeline of a local address. A connection takes the channel's configuration as it is when the client comes.</summary>
    public ConnectionDelegate Of(CallKey key)
    {
        var bound = channels.Config.Items[key.Channel];
        return client =>
            tracking.OnConnectionAsync(
                client,
                ChannelSlots.Endpoint(key.Channel),
                ChannelSlots.Calls,
                _ => RunAsync(client, key, channels.Config.Items.GetValueOrDefault(key.Channel) ?? bound)
            );
    }

    /// <summary>What runs on the connections of a route that names a connector: forwarding alone, for a route is tracked already.</summary>
    /// <param name="connector">The connector.</param>
    /// <param name="options">The relay's deadlines, for each connection anew.</param>
    /// <param name="keepAlive">TCP keep-alive of the client.</param>
    public ConnectionDelegate OfRoute(string connector, Func<RelayOptions> options, KeepAlive keepAlive) =>
        client =>
        {
            var record = ConnectionRecord.Of(client);
            record.ClusterId = ChannelSlots.Cluster(connector);
            return forwarding.RunAsync(client, new MemberEndPoint(channels.Config.Caller(connector), record), options(), keepAlive);
        };

    private Task RunAsync(ConnectionContext client, CallKey key, ChannelConfig channel)
    {
        var record = ConnectionRecord.Of(client);
        record.ClusterId = ChannelSlots.Cluster(channel.Connector);
        var member = key.Member.Length == 0 ? null : key.Member;
        var target = new MemberEndPoint(channel, record) { Member = member, Port = member is null ? null : key.Port };
        return forwarding.RunAsync(client, target, MemberForwarding.Unhurried, KeepAlive.Default);
    }
}
