using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>Connects a client to what a factory dials, and relays.</summary>
internal sealed class MemberForwarding(IConnectionFactory dialer, Relay relay, TimeProvider time)
{
    /// <summary>A relay of channels has no deadlines of its own: pings and keep-alive say when a peer is gone.</summary>
    public static RelayOptions Unhurried { get; } =
        new() { IdleTimeout = Timeout.InfiniteTimeSpan, HalfCloseTimeout = Timeout.InfiniteTimeSpan };

    public async Task RunAsync(ConnectionContext client, EndPoint target, RelayOptions options, KeepAlive keepAlive)
    {
        var record = ConnectionRecord.Of(client);
        (client as TcpConnection)?.SetKeepAlive(keepAlive);
        var started = time.GetTimestamp();
        try
        {
            await using var upstream = await DialAsync(client, target);
            record.DialEnded(time.GetElapsedTime(started), succeeded: true);
            (upstream as TcpConnection)?.SetKeepAlive(keepAlive);
            record.Span?.Relaying(record.ClusterId, record.DestinationId);
            record.TryEnd(await relay.RunAsync(client, upstream, options, record));
        }
        catch (ConnectionEndedException ended)
        {
            record.DialEnded(time.GetElapsedTime(started), succeeded: false);
            record.Close(ended.Outcome);
        }
    }

    private async Task<ConnectionContext> DialAsync(ConnectionContext client, EndPoint target)
    {
        if (client is not TcpConnection tcp)
        {
            return await dialer.ConnectAsync(target);
        }

        var gone = new CancellationTokenSource(); // without timer: it holds nothing, and the watch may still touch it
        await using var watch = tcp.CancelOnReset(gone);
        try
        {
            return await dialer.ConnectAsync(target, gone.Token);
        }
        catch (OperationCanceledException cancelled) when (gone.IsCancellationRequested)
        {
            throw new ConnectionEndedException(ConnectionOutcome.ClientReset, cancelled);
        }
    }
}
