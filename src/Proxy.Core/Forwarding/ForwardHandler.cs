using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Proxy.Clusters;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Forwarding;

/// <summary>Ends a pipeline: connects the client to a destination of a cluster and relays.</summary>
public sealed class ForwardHandler(ForwardSettings settings, UpstreamDialer dialer, Relay relay, Random random) : ConnectionHandler
{
    /// <inheritdoc />
    public override Task OnConnectedAsync(ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return ForwardAsync(connection, picked: null, connected: null);
    }

    /// <summary>The same to a destination that was picked before.</summary>
    /// <param name="connection">The client's.</param>
    /// <param name="picked">The destination, its place being the caller's; null for whichever answers.</param>
    /// <param name="connected">Called when it has answered.</param>
    internal async Task ForwardAsync(ConnectionContext connection, PickResult? picked, Action? connected)
    {
        var record = ConnectionRecord.Of(connection);
        (connection as TcpConnection)?.SetKeepAlive(settings.KeepAlive);
        var dialled = await DialAsync(connection, record, picked);
        if (dialled.Connection is null)
        {
            record.Close(dialled.Failure);
            return;
        }

        await using var upstream = dialled.Connection;
        try
        {
            connected?.Invoke();
            (upstream as TcpConnection)?.SetKeepAlive(settings.KeepAlive);
            record.Span?.Relaying(record.ClusterId, record.DestinationId);
            record.TryEnd(await relay.RunAsync(connection, upstream, settings.Relay.Jittered(random), record));
        }
        finally
        {
            dialled.Load?.Release();
        }
    }

    private ValueTask<Dialled> DialAsync(ConnectionContext connection, ConnectionRecord record, PickResult? picked)
    {
        if (connection is not TcpConnection tcp)
        {
            return dialer.DialAsync(settings, record, picked, CancellationToken.None);
        }

        if (picked is { } before)
        {
            return WatchAndDialAsync(tcp, record, before);
        }

        var gone = new CancellationTokenSource();
        var dialling = dialer.DialAsync(settings, record, picked, gone.Token);
        return dialling.IsCompletedSuccessfully ? dialling : WatchAsync(tcp, dialling, gone);
    }

    /// <summary>Time has passed since the destination was picked: it is not dialled for a client that has gone since.</summary>
    private async ValueTask<Dialled> WatchAndDialAsync(TcpConnection client, ConnectionRecord record, PickResult picked)
    {
        using var gone = new CancellationTokenSource();
        await using var watch = client.CancelOnReset(gone);
        try
        {
            return await dialer.DialAsync(settings, record, picked, gone.Token);
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            return new(null, null, ConnectionOutcome.ClientReset);
        }
    }

    /// <summary>The client's bytes stay unread meanwhile; its reset ends the dial, its FIN does not.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<Dialled> WatchAsync(TcpConnection client, ValueTask<Dialled> dialling, CancellationTokenSource gone)
    {
        await using var watch = client.CancelOnReset(gone);
        try
        {
            return await dialling;
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            return new(null, null, ConnectionOutcome.ClientReset);
        }
    }
}
