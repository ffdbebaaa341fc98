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

    /// <summary>The client's bytes stay unread meanwhile; its reset ends the dial, its FIN does not.</summary>
    private async Task<Dialled> DialAsync(ConnectionContext connection, ConnectionRecord record)
    {
        if (connection is not TcpConnection tcp)
        {
            return await dialer.DialAsync(settings, record, CancellationToken.None);
        }

        using var gone = new CancellationTokenSource();
        await using var watch = tcp.CancelOnReset(gone);
        try
        {
            return await dialer.DialAsync(settings, record, gone.Token);
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
