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
        using var gone = new CancellationTokenSource();
        var dialling = dialer.DialAsync(settings, record, gone.Token);
        if (connection is not TcpConnection tcp || dialling.IsCompleted)
        {
            return await dialling;
        }

        using var watching = new CancellationTokenSource();
        var departure = tcp.WaitForDepartureAsync(ignoreClose: true, watching.Token);
        if (await Task.WhenAny(dialling, departure) == departure)
        {
            await gone.CancelAsync();
        }

        await watching.CancelAsync();
        await ((Task)departure).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
