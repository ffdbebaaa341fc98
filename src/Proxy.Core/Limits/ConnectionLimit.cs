using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;

namespace Proxy.Limits;

/// <summary>Limits the connections of an endpoint at the same time. The count survives edits of the maximum.</summary>
internal sealed class ConnectionLimit
{
    private int _count;

    /// <summary>The number of open connections.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Runs <paramref name="next"/>, or resets the client if the maximum is reached.</summary>
    /// <param name="connection">The client's connection.</param>
    /// <param name="maximum">The maximum; null for no limit.</param>
    /// <param name="next">The rest of the pipeline.</param>
    /// <returns>A task that completes when the connection has ended.</returns>
    public async Task OnConnectionAsync(ConnectionContext connection, int? maximum, ConnectionDelegate next)
    {
        ArgumentNullException.ThrowIfNull(next);
        try
        {
            if (Interlocked.Increment(ref _count) > maximum)
            {
                ConnectionRecord.Of(connection).Close(ConnectionOutcome.LimitExceeded);
                return;
            }

            var running = next(connection);
            next = null!; // it leads to all routes of the address, and the connection may outlive many edits
            await running;
        }
        finally
        {
            Interlocked.Decrement(ref _count);
        }
    }
}
