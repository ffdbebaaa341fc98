using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Forwarding;

/// <summary>Ends a pipeline: connects the client to a destination of a cluster and relays.</summary>
public sealed class ForwardHandler(ForwardSettings settings, UpstreamDialer dialer, Relay relay, Random random) : ConnectionHandler
{
    private const double LargestJitter = 0.1;

    /// <inheritdoc />
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var record = ConnectionRecord.Of(connection);
        (connection as TcpConnection)?.SetKeepAlive(settings.KeepAlive);
        var dialled = await DialAsync(connection, record);
        if (dialled.Connection is null)
        {
            record.Close(dialled.Failure);
            return;
        }

        await using var upstream = dialled.Connection;
        try
        {
            (upstream as TcpConnection)?.SetKeepAlive(settings.KeepAlive);
            record.TryEnd(await relay.RunAsync(connection, upstream, Options(), record));
        }
        finally
        {
            dialled.Load?.Release();
        }
    }

    private ValueTask<Dialled> DialAsync(ConnectionContext connection, ConnectionRecord record)
    {
        if (connection is not TcpConnection tcp)
        {
            return dialer.DialAsync(settings, record, CancellationToken.None);
        }

        var gone = new CancellationTokenSource();
        var dialling = dialer.DialAsync(settings, record, gone.Token);
        return dialling.IsCompletedSuccessfully ? dialling : WatchAsync(tcp, dialling, gone);
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

    // Connections that began together should not end together.
    private RelayOptions Options() =>
        settings.Relay.MaxDuration < TimeSpan.Zero
            ? settings.Relay
            : settings.Relay with
            {
                MaxDuration = settings.Relay.MaxDuration * (1 - (LargestJitter * random.NextDouble())),
            };
}
