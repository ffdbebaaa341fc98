using System.Net;
using Microsoft.AspNetCore.Http;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;
using Proxy.Diagnostics;
using Proxy.Forwarding;

namespace Proxy.Channels;

/// <summary>
/// Handles requests of peers to the tunnel endpoint: an admitted tunnel is forwarded to the local server of its connector, and to nothing
/// else.
/// </summary>
internal sealed class ServedTunnels(
    TunnelAdmission admission,
    ServerDialer dialer,
    ForwardDependencies forwarding,
    HelloFeed feed,
    TrackingMiddleware tracking,
    TunnelMetrics metrics
) : ITunnelService
{
    /// <inheritdoc />
    public Task ServeAsync(IServedTunnel tunnel)
    {
        if (admission.Admit(tunnel.Request, tunnel.From, out var refusal) is not { } admitted)
        {
            tunnel.Refuse(refusal);
            return Task.CompletedTask;
        }

        tunnel.Bytes.RemoteEndPoint = new IPEndPoint(admitted.Client, 0);
        var forward = new ForwardHandler(dialer, _ => Target(tunnel, admitted), CallPipelines.WithoutTimeouts, forwarding);
        return tracking.OnConnectionAsync(
            tunnel.Bytes,
            ChannelSlots.Endpoint(admitted.Channel),
            ChannelSlots.Serves,
            forward.OnConnectedAsync,
            tunnel.Request.Trace
        );
    }

    /// <inheritdoc />
    public void Answered(string from, int status) => metrics.Asked(ChannelSlots.Serves, from, status);

    /// <inheritdoc />
    public Task HelloAsync(HttpContext context, CancellationToken leaving) => feed.WriteAsync(context, leaving);

    private static ServedEndPoint Target(IServedTunnel tunnel, AdmittedTunnel admitted)
    {
        var record = ConnectionRecord.Of(tunnel.Bytes);
        if (tunnel is ServedConnection)
        {
            record.HasOwnTunnel = true;
        }

        (record.ClusterId, record.DestinationId) = (ChannelSlots.Cluster(admitted.Config.Connector), tunnel.From);
        return new(tunnel, admitted.Server) { Channel = admitted.Channel };
    }
}
