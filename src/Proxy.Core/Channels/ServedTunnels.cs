using System.Net;
using Microsoft.AspNetCore.Http;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>What is behind the tunnel endpoint: tunnels that are admitted are forwarded to the local server of their connector, to nothing else.</summary>
internal sealed class ServedTunnels(
    TunnelAdmission admission,
    ServerForwarding forwarding,
    HelloFeed feed,
    TrackingMiddleware tracking,
    TunnelMetrics metrics
) : ITunnelService
{
    /// <inheritdoc />
    public Task ServeAsync(ServerTunnelConnection tunnel)
    {
        if (admission.Admit(tunnel.Request, tunnel.From, out var refusal) is not { } admitted)
        {
            tunnel.Refuse(refusal);
            return Task.CompletedTask;
        }

        tunnel.RemoteEndPoint = new IPEndPoint(admitted.Client, 0);
        return tracking.OnConnectionAsync(
            tunnel,
            ChannelSlots.Endpoint(admitted.Channel),
            ChannelSlots.Serves,
            _ => forwarding.RunAsync(tunnel, admitted),
            tunnel.Request.Trace
        );
    }

    /// <inheritdoc />
    public void Answered(string from, int status) => metrics.Asked(ChannelSlots.Serves, from, status);

    /// <inheritdoc />
    public Task HelloAsync(HttpContext context, CancellationToken leaving) => feed.WriteAsync(context, leaving);
}
