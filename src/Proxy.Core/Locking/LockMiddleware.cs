using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Locking;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Locking;

/// <summary>Makes a client wait for a permit, its bytes unread, and then serves it.</summary>
internal sealed class LockMiddleware(LockQueue queue, LockMetrics metrics, TimeProvider time, CancellationToken stopped)
{
    /// <summary>Handles one connection.</summary>
    /// <returns>A task that completes when the client's connection has ended; its permit may be held longer.</returns>
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var record = ConnectionRecord.Of(connection);
        if (
            queue.Settings.ActivateOn == ActivateOn.FirstByte
            && await new SilentClient(queue, connection, record, time).WaitAsync() is not null
        )
        {
            return;
        }

        var waiter = new LockWaiter(connection, record, time.GetTimestamp());
        var refusal = await WaitAsync(waiter);
        record.AddQueued(time.GetElapsedTime(waiter.Arrived));
        record.Span?.Queued(record.Queued, refusal);
        if (refusal is { } outcome)
        {
            record.Close(outcome);
            return;
        }

        metrics.Admitted(queue.RouteId, record.Queued);
        await new LockHold(queue, waiter, metrics, time, stopped).RunAsync();
    }

    private async ValueTask<ConnectionOutcome?> WaitAsync(LockWaiter waiter)
    {
        var waiting = queue.EnterAsync(waiter);
        if (waiting.IsCompleted)
        {
            return await waiting;
        }

        using var admitted = new CancellationTokenSource();
        var watching = WatchAsync(waiter, admitted.Token);
        var refusal = await waiting;
        await admitted.CancelAsync();
        await watching;
        return refusal;
    }

    /// <summary>Notices that the client leaves, without reading its bytes.</summary>
    private async Task WatchAsync(LockWaiter waiter, CancellationToken admitted)
    {
        if (waiter.Connection is not TcpConnection tcp)
        {
            await using var watch = waiter.Connection.ConnectionClosed.UnsafeRegister(_ => queue.Leave(waiter, PeerDeparture.Reset), null);
            await Task.Delay(Timeout.InfiniteTimeSpan, time, admitted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        var ignoreClose = false;
        while (await tcp.WaitForDepartureAsync(ignoreClose, admitted) is { } how && !queue.Leave(waiter, how))
        {
            ignoreClose = true; // a FIN that does not count as leaving is followed by the wait for a reset
        }
    }
}
