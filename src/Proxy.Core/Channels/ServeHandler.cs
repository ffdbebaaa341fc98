using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;
using Proxy.Configuration;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>The serving side: connects tunnels that peers open to the local server of their connector, and to nothing else.</summary>
internal sealed class ServeHandler(
    Func<ChannelModel> model,
    MemberDirectory members,
    IConnectionFactory dialler,
    Relay relay,
    TrackingMiddleware tracking,
    ChannelMetrics metrics,
    TimeProvider time
)
{
    /// <summary>A relay of channels has no deadlines of its own: pings and keep-alive say when a peer is gone.</summary>
    public static RelayOptions Unhurried { get; } =
        new() { IdleTimeout = Timeout.InfiniteTimeSpan, HalfCloseTimeout = Timeout.InfiniteTimeSpan };

    public Task ServeAsync(ServerTunnelConnection tunnel)
    {
        var current = model();
        var request = tunnel.Request;
        if (!IsMeant(request, current))
        {
            tunnel.Refuse(StatusCodes.Status421MisdirectedRequest);
            return Task.CompletedTask;
        }

        if (!current.Served.TryGetValue(request.Connector, out var served) || Port(served.Channel, request) is not { } port)
        {
            tunnel.Refuse(StatusCodes.Status404NotFound);
            return Task.CompletedTask;
        }

        if (!ChannelModel.Allows(served.Channel, tunnel.From, members.Current))
        {
            tunnel.Refuse(StatusCodes.Status403Forbidden);
            return Task.CompletedTask;
        }

        var address = Address(current, served.Channel, tunnel.From, port);
        tunnel.RemoteEndPoint = new IPEndPoint(Source(current, tunnel.From) ?? IPAddress.Loopback, 0);
        return tracking.OnConnectionAsync(
            tunnel,
            ChannelSlots.Endpoint(served.Name),
            ChannelSlots.Serves,
            _ => ConnectAsync(tunnel, served.Channel, address, current.Config.Tunnel.ConnectTimeout),
            request.Trace
        );
    }

    private static bool IsMeant(TunnelRequest request, ChannelModel current) =>
        (request.Instance is null || request.Instance.Equals(current.Config.Instance.Id, StringComparison.OrdinalIgnoreCase))
        && (request.Epoch is null || request.Epoch == current.Epoch);

    // A service is asked for by its name alone; a member of a ring by the port, of those it has.
    private static int? Port(ChannelConfig channel, TunnelRequest request) =>
        channel.Type == ChannelType.Reply ? channel.Port
        : request.Port is not { } asked
            ? channel.AllPorts is [var only] ? only
                : null
        : channel.AllPorts.Contains(asked) ? asked
        : null;

    private EndPoint Address(ChannelModel current, ChannelConfig channel, string from, int port)
    {
        var target = new IPEndPoint(current.BindIp, port);
        return channel.Type == ChannelType.Duplex && Source(current, from) is { } source ? new SourcedEndPoint(target, source) : target;
    }

    // The address under which the server would call its caller back.
    private IPAddress? Source(ChannelModel current, string from) =>
        current.HasAddresses && members.Current.All.GetValueOrDefault(from) is { } member ? current.Local(member.LocalAddress) : null;

    private async Task ConnectAsync(ServerTunnelConnection tunnel, ChannelConfig channel, EndPoint address, TimeSpan limit)
    {
        var record = ConnectionRecord.Of(tunnel);
        (record.ClusterId, record.DestinationId) = (ChannelSlots.Cluster(channel.Connector), tunnel.From);
        var started = time.GetTimestamp();
        var (upstream, error) = await DialAsync(tunnel, address, limit);
        record.DialEnded(time.GetElapsedTime(started), upstream is not null);
        record.Span?.Dialed(tunnel.From, address.ToString(), record.Connecting, error);
        if (upstream is null)
        {
            record.TryEnd(tunnel.IsGone ? ConnectionOutcome.ClientReset : ConnectionOutcome.ConnectFailed);
            return;
        }

        await using (upstream)
        {
            await RelayAsync(tunnel, upstream, record);
        }
    }

    private async Task<(ConnectionContext? Connection, string? Error)> DialAsync(
        ServerTunnelConnection tunnel,
        EndPoint address,
        TimeSpan limit
    )
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(tunnel.ConnectionClosed);
        late.CancelAfter(limit);
        try
        {
            return (await dialler.ConnectAsync(address, late.Token), null);
        }
        catch (SocketException exception)
        {
            tunnel.Refuse(StatusCodes.Status503ServiceUnavailable, "connection_refused");
            return (null, ErrorType.Of(exception));
        }
        catch (OperationCanceledException)
        {
            tunnel.Refuse(StatusCodes.Status504GatewayTimeout, "connection_timeout");
            return (null, tunnel.IsGone ? ErrorType.Cancelled : ErrorType.TimedOut);
        }
    }

    private async Task RelayAsync(ServerTunnelConnection tunnel, ConnectionContext upstream, ConnectionRecord record)
    {
        try
        {
            await tunnel.AcceptAsync();
        }
        catch (IOException)
        {
            upstream.Abort(new ConnectionAbortedException("The peer has gone."));
            record.TryEnd(ConnectionOutcome.ClientReset);
            return;
        }

        (upstream as TcpConnection)?.SetKeepAlive(KeepAlive.Default);
        metrics.Opened(record);
        record.Span?.Relaying(record.ClusterId, record.DestinationId);
        try
        {
            record.TryEnd(await relay.RunAsync(tunnel, upstream, Unhurried, record));
        }
        finally
        {
            metrics.Ended(record);
        }
    }
}
