using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Peeking;

/// <summary>
/// Examines the first bytes of clients, as far as routes ask and no further, and gives them back to the connection: whoever handles it reads them first.
/// What was found out is a feature of the connection, <see cref="ConnectionFacts"/>.
/// </summary>
/// <param name="plan">What the routes ask.</param>
/// <param name="judge">Tells what is needed to choose a route for a client, whose address is null if it has none.</param>
/// <param name="buffers">Provides the memory of the bytes.</param>
/// <param name="time">Measures the time limit.</param>
/// <param name="next">Chooses the route.</param>
internal sealed class PeekingMiddleware(
    PeekPlan plan,
    Func<IPAddress?, ConnectionFacts, PeekNeed> judge,
    BufferPool buffers,
    TimeProvider time,
    ConnectionDelegate next
)
{
    /// <summary>Handles one connection.</summary>
    /// <returns>A task that completes when the connection has ended.</returns>
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var facts = new ConnectionFacts(plan);
        var client = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        if (judge(client, facts) != PeekNeed.Nothing)
        {
            var record = ConnectionRecord.Of(connection);
            var started = time.GetTimestamp();
            if (await PeekAsync((TcpConnection)connection, client, facts) is { } failure)
            {
                record.Span?.PeekEnded(record, facts.Protocols, time.GetElapsedTime(started), failure.ToString());
                record.Close(failure);
                return;
            }

            facts.Publish((TcpConnection)connection);
            record.Span?.PeekEnded(record, facts.Protocols, time.GetElapsedTime(started), facts.HasTimedOut ? ErrorType.TimedOut : null);
        }

        connection.Features.Set(facts);
        await next(connection);
    }

    // Returns the outcome of a connection that ends here.
    private async Task<ConnectionOutcome?> PeekAsync(TcpConnection connection, IPAddress? client, ConnectionFacts facts)
    {
        using var deadline = new CancellationTokenSource(plan.Timeout, time);
        try
        {
            return await FirstBytesReader.ReadAsync(connection, facts, known => judge(client, known), buffers, deadline.Token);
        }
        catch (OperationCanceledException)
        {
            facts.End(hasTimedOut: true);
            return null;
        }
    }
}
