using System.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Proxy.Diagnostics;

/// <summary>The first step of every pipeline: tracks and counts a connection, and logs its end exactly once.</summary>
internal sealed partial class TrackingMiddleware(
    ConnectionTracker tracker,
    ProxyMetrics metrics,
    AccessLog accessLog,
    TimeProvider time,
    ILogger<TrackingMiddleware> logger
)
{
    private static readonly ConnectionAbortedException _noMemory = new("There is no memory for the connection.");

    /// <summary>Runs <paramref name="next"/> on a connection. Disposing it is left to the listener that accepted it.</summary>
    /// <param name="connection">The accepted connection.</param>
    /// <param name="endpointId">The id of the endpoint that accepted it.</param>
    /// <param name="slot">Identifies what the endpoint listens on; empty on endpoints of Kestrel.</param>
    /// <param name="next">The rest of the pipeline.</param>
    /// <param name="parent">The span of the peer that opened the connection; the default starts a new trace.</param>
    /// <returns>A task that completes when the connection has ended. It never fails.</returns>
    public async Task OnConnectionAsync(
        ConnectionContext connection,
        string endpointId,
        string slot,
        ConnectionDelegate next,
        ActivityContext parent = default
    )
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(next);
        var record = new ConnectionRecord(connection, endpointId, slot, time);
        record.Attach();
        record.Span = ConnectionSpan.Start(record, parent);
        tracker.Add(record);
        try
        {
            var running = next(connection);
            next = null!; // it leads to all routes of the address, and the connection may outlive many edits
            await running;
            record.TryEnd(ConnectionOutcome.Completed);
        }
        catch (OutOfMemoryException)
        {
            record.TryEnd(ConnectionOutcome.InternalError); // logging would need memory
            connection.Abort(_noMemory);
        }
        catch (Exception exception)
        {
            if (record.TryEnd(ConnectionOutcome.InternalError))
            {
                Log.Failed(logger, record.Id, exception);
            }

            connection.Abort(new ConnectionAbortedException("The connection's handler failed."));
        }
        finally
        {
            End(record);
        }
    }

    /// <summary>Records the route that was chosen for a connection.</summary>
    /// <param name="record">The record of the connection.</param>
    /// <param name="routeId">The id of the route.</param>
    /// <param name="isLogged">Whether connections of the route are written to the access log.</param>
    public void Routed(ConnectionRecord record, string routeId, bool isLogged)
    {
        ArgumentNullException.ThrowIfNull(record);
        record.RouteId = routeId;
        record.AccessLog = isLogged;
        accessLog.Started(record);
    }

    // The tracker is updated last: once it is empty, the program may end, and the access log with it.
    private void End(ConnectionRecord record)
    {
        try
        {
            record.GiveBack();
            accessLog.Write(record);
        }
        finally
        {
            metrics.Ended(record);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Connection {ConnectionId}: its handler threw an exception, so the connection was reset.")]
        public static partial void Failed(ILogger logger, string connectionId, Exception exception);
    }
}
