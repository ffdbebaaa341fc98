using System.Globalization;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;
using Proxy.Configuration;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>The calling side: takes local clients through the tunnel to a member.</summary>
internal sealed class CallHandler(
    TunnelConnectionFactory tunnels,
    MemberDirectory members,
    MemberBalancer balancer,
    Relay relay,
    TrackingMiddleware tracking,
    ChannelMetrics metrics,
    TimeProvider time
)
{
    private const int Attempts = 3;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    /// <summary>Runs a client of a service: any member, another one until one answers.</summary>
    public Task RequestAsync(ConnectionContext client, string name, ChannelConfig channel) =>
        TrackAsync(client, name, channel, cancellation => FindAsync(client, channel, cancellation));

    /// <summary>Runs a client of one member.</summary>
    public Task DuplexAsync(ConnectionContext client, string name, ChannelConfig channel, string member, int port) =>
        TrackAsync(client, name, channel, cancellation => ReachAsync(client, channel, member, port, cancellation));

    /// <summary>Runs a client of a route: any member that serves the connector.</summary>
    public Task RouteAsync(ConnectionContext client, string connector, ChannelConfig? channel, RelayOptions options, KeepAlive keepAlive)
    {
        var record = ConnectionRecord.Of(client);
        record.ClusterId = ChannelSlots.Cluster(connector);
        if (channel is null)
        {
            record.Close(ConnectionOutcome.NoDestination); // an edit has just taken it away
            return Task.CompletedTask;
        }

        return ForwardAsync(client, cancellation => FindAsync(client, channel, cancellation), options, keepAlive);
    }

    private Task TrackAsync(
        ConnectionContext client,
        string name,
        ChannelConfig channel,
        Func<CancellationToken, Task<ConnectionContext?>> dial
    ) =>
        tracking.OnConnectionAsync(
            client,
            ChannelSlots.Endpoint(name),
            ChannelSlots.Calls,
            _ =>
            {
                ConnectionRecord.Of(client).ClusterId = ChannelSlots.Cluster(channel.Connector);
                return ForwardAsync(client, dial, ServeHandler.Unhurried, KeepAlive.Default);
            }
        );

    private async Task ForwardAsync(
        ConnectionContext client,
        Func<CancellationToken, Task<ConnectionContext?>> dial,
        RelayOptions options,
        KeepAlive keepAlive
    )
    {
        var record = ConnectionRecord.Of(client);
        (client as TcpConnection)?.SetKeepAlive(keepAlive);
        var started = time.GetTimestamp();
        var upstream = await DialAsync(client, dial);
        record.DialEnded(time.GetElapsedTime(started), upstream is not null);
        if (upstream is null)
        {
            record.Close(record.DestinationId is null ? ConnectionOutcome.NoDestination : ConnectionOutcome.ConnectFailed);
            return;
        }

        var member = record.DestinationId!;
        balancer.Opened(member);
        metrics.Opened(record);
        record.Span?.Relaying(record.ClusterId, member);
        try
        {
            await using (upstream)
            {
                record.TryEnd(await relay.RunAsync(client, upstream, options, record));
            }
        }
        finally
        {
            balancer.Closed(member);
            metrics.Ended(record);
        }
    }

    // The client's bytes stay unread meanwhile, so another member may be tried; its reset ends the dial.
    private static async Task<ConnectionContext?> DialAsync(
        ConnectionContext client,
        Func<CancellationToken, Task<ConnectionContext?>> dial
    )
    {
        if (client is not TcpConnection tcp)
        {
            return await dial(CancellationToken.None);
        }

        var gone = new CancellationTokenSource(); // without timer: it holds nothing, and the watch may still touch it
        await using var watch = tcp.CancelOnReset(gone);
        try
        {
            return await dial(gone.Token);
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            ConnectionRecord.Of(client).TryEnd(ConnectionOutcome.ClientReset);
            return null;
        }
    }

    private async Task<ConnectionContext?> FindAsync(ConnectionContext client, ChannelConfig channel, CancellationToken cancellationToken)
    {
        var tried = new List<string>();
        int? port = channel.Type == ChannelType.Duplex ? channel.AllPorts[0] : null; // a service has one
        while (tried.Count < Attempts && await PickAsync(channel, tried, cancellationToken) is { } member)
        {
            tried.Add(member.Id);
            if (await TryOneAsync(client, channel, member, port, cancellationToken) is { } connection)
            {
                return connection;
            }
        }

        return null;
    }

    /// <summary>A member to try; the first one is waited for.</summary>
    private async Task<MemberRecord?> PickAsync(ChannelConfig channel, List<string> tried, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var set = members.Current;
            var left = _patience - time.GetElapsedTime(started);
            if (balancer.Pick(channel, set, tried) is { } member)
            {
                return member;
            }

            if (tried.Count > 0 || channel.WhenEmpty == WhenEmpty.Refuse || left <= TimeSpan.Zero)
            {
                return null;
            }

            await set.Changed.Task.WaitAsync(left, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task<ConnectionContext?> ReachAsync(
        ConnectionContext client,
        ChannelConfig channel,
        string id,
        int port,
        CancellationToken cancellationToken
    )
    {
        var started = time.GetTimestamp();
        while (members.Current.All.TryGetValue(id, out var member))
        {
            try
            {
                return await TryAsync(client, channel, member, port, cancellationToken);
            }
            catch (TunnelRefusedException)
            {
                // Another start of it answers there, and what that says of itself is on its way.
                if (!await IsNewerAsync(member, _patience - time.GetElapsedTime(started), cancellationToken))
                {
                    return null;
                }
            }
        }

        return null;
    }

    /// <summary>Waits until something else is known of a member than what was believed.</summary>
    private async Task<bool> IsNewerAsync(MemberRecord believed, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var set = members.Current;
            if (
                set.All.GetValueOrDefault(believed.Id) is not { } member
                || (member.Epoch, member.Address) != (believed.Epoch, believed.Address)
            )
            {
                return true;
            }

            var left = limit - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return false;
            }

            await set.Changed.Task.WaitAsync(left, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task<ConnectionContext?> TryOneAsync(
        ConnectionContext client,
        ChannelConfig channel,
        MemberRecord member,
        int? port,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await TryAsync(client, channel, member, port, cancellationToken);
        }
        catch (TunnelRefusedException)
        {
            return null; // there are others
        }
    }

    /// <exception cref="TunnelRefusedException">Another instance, or another start of it, is there (421).</exception>
    private async Task<ConnectionContext?> TryAsync(
        ConnectionContext client,
        ChannelConfig channel,
        MemberRecord member,
        int? port,
        CancellationToken cancellationToken
    )
    {
        var record = ConnectionRecord.Of(client);
        record.DestinationId = member.Id;
        if (!HostAndPort.TryParse(member.Address, out var address))
        {
            return null;
        }

        var started = time.GetTimestamp();
        var error = ErrorType.Cancelled;
        try
        {
            var endPoint = new TunnelEndPoint(member.Id, address, channel.Connector)
            {
                Epoch = member.Epoch,
                Port = port,
                Client = client.RemoteEndPoint,
                ConnectionId = client.ConnectionId,
                Trace = record.Span?.Context,
            };
            var tunnel = await tunnels.ConnectAsync(endPoint, cancellationToken);
            metrics.Asked(ChannelSlots.Calls, member.Id, TunnelProtocol.Accepted);
            error = null;
            return tunnel;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TimeoutException)
        {
            metrics.Asked(ChannelSlots.Calls, member.Id, (exception as TunnelRefusedException)?.Status ?? TunnelProtocol.NoAnswer);
            error = Describe(exception);
            if (exception is TunnelRefusedException { Status: StatusCodes.Status421MisdirectedRequest })
            {
                throw;
            }

            return null;
        }
        finally
        {
            record.Span?.Dialed(member.Id, member.Address, time.GetElapsedTime(started), error);
        }
    }

    // What the member answered, or what became of the way to it.
    private static string Describe(Exception exception) =>
        exception is TunnelRefusedException refused ? refused.Status.ToString(CultureInfo.InvariantCulture)
        : exception.InnerException is SocketException socket ? ErrorType.Of(socket)
        : ErrorType.Of(exception);
}
