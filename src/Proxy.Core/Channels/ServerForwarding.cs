using Microsoft.AspNetCore.Connections;
using Proxy.Channels.Tunnel;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>Forwards an admitted tunnel to its local server.</summary>
internal sealed class ServerForwarding(
    CurrentChannels channels,
    IConnectionFactory connections,
    Relay relay,
    TunnelMetrics metrics,
    TimeProvider time
)
{
    public async Task RunAsync(ServerTunnelConnection tunnel, AdmittedTunnel admitted)
    {
        var record = ConnectionRecord.Of(tunnel);
        (record.ClusterId, record.DestinationId) = (ChannelSlots.Cluster(admitted.Config.Connector), tunnel.From);
        var dialer = new ServerDialer(tunnel, connections, channels.Config.Tunnel.ConnectTimeout, metrics, time);
        var forwarding = new MemberForwarding(dialer, relay, time);
        try
        {
            await forwarding.RunAsync(tunnel, admitted.Server, MemberForwarding.Unhurried, KeepAlive.Default);
        }
        finally
        {
            if (dialer.IsOpen)
            {
                metrics.Ended(record);
            }
        }
    }
}
