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
    private static readonly ConnectionAbortedException _failed = new("The connection's handler failed.");

    /// <summary>Runs <paramref name="next"/> on a connection that the caller disposes.</summary>
    /// <param name="connection">The accepted connection.</param>
    /// <param name="endpointId">The id of the endpoint that accepted it.</param>
    /// <param name="slot">Identifies what the endpoint listens on; empty on endpoints of Kestrel.</param>
    /// <param name="next">The rest of the pipeline.</param>
    /// <param name="parent">The span of the peer that opened the connection; the default starts a new trace.</param>
    /// <returns>A task that completes when the connection has ended. It fails only if tracking itself has failed; the connection is aborted then.</returns>
    public Task OnConnectionAsync(
        ConnectionContext connection,
        string endpointId,
        string slot,
        ConnectionDelegate next,
        ActivityContext parent = default
    ) => BeginAsync(connection, endpointId, slot, next, disposes: false, parent);

    /// <summary>Runs <paramref name="next"/> on a connection, and then disposes it.</summary>
    /// <inheritdoc cref="OnConnectionAsync"/>
    public Task ServeAsync(ConnectionContext connection, string endpointId, string slot, ConnectionDelegate next) =>
        BeginAsync(connection, endpointId, slot, next, disposes: true, default);

    private Task BeginAsync(
        ConnectionContext connection,
        string endpointId,
        string slot,
        ConnectionDelegate next,
        bool disposes,
        ActivityContext parent
    )
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(next);
        var record = new ConnectionRecord(connection, endpointId, slot, time);
        record.Attach();
        if (!ProxyTracing.Source.HasListeners())
        {
            return TrackAsync(record, next, disposes);
        }

        // The span is the current one of the connection and not of the caller.
        var current = Activity.Current;
        try
        {
            record.Span = ConnectionSpan.Start(record, parent);
            return TrackAsync(record, next, disposes);
        }
        finally
        {
            Activity.Current = current;
        }
    }

    // What it holds across its waits is held by every open connection.
    private async Task TrackAsync(ConnectionRecord record, ConnectionDelegate next, bool disposes)
    {
        try
        {
            tracker.Add(record);
            try
            {
                var running = next(record.Connection);
                next = null!; // it leads to all routes of the address, and the connection may outlive many edits
                await running;
                record.TryEnd(ConnectionOutcome.Completed);
            }
            catch (OutOfMemoryException)
            {
                record.TryEnd(ConnectionOutcome.InternalError); // logging would need memory
                record.Connection.Abort(_noMemory);
            }
            catch (Exception exception)
            {
                Failed(record, exception);
            }
            finally
            {
                End(record); // even if what is to end the connection fails
            }
        }
        catch
        {
            record.Connection.Abort(_noMemory); // tracking itself has failed, and the connection must not stay open
            throw;
        }

        if (disposes)
        {
            await record.Connection.DisposeAsync().AsTask(); // like the wait above, so that it needs no room of its own
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

    private void Failed(ConnectionRecord record, Exception exception)
    {
        try
        {
            if (record.TryEnd(ConnectionOutcome.InternalError))
            {
                Log.Failed(logger, record.Id, exception);
            }
        }
        catch (Exception)
        {
            // A logger that fails, for want of memory as a rule, must not keep the connection open.
        }

        record.Connection.Abort(_failed);
    }

    // The tracker is updated last: once it is empty, the program may end, and the access log with it.
    private void End(ConnectionRecord record)
    {
        try
        {
            record.Stop();
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
