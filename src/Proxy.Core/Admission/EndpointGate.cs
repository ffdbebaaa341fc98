using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Networks;
using Proxy.Diagnostics;

namespace Proxy.Admission;

/// <summary>Decides which peers an endpoint accepts, before anything is read. The count of connections survives edits. Thread-safe.</summary>
/// <param name="endpointId">The id of the endpoint.</param>
/// <param name="time">Measures the time between lines in the log.</param>
/// <param name="logger">Receives a line when a limit is reached.</param>
internal sealed class EndpointGate(string endpointId, TimeProvider time, ILogger logger)
{
    private readonly LimitReports _reports = new(time);
    private int _count;

    /// <summary>The id of the endpoint.</summary>
    public string EndpointId => endpointId;

    /// <summary>The number of open connections.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>How often each limit was reached.</summary>
    public IEnumerable<LimitCount> Reached => _reports.Counts;

    /// <summary>Runs <paramref name="next"/>, or resets the peer if it is refused.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="networks">Which peers are accepted.</param>
    /// <param name="maximum">The maximum number of connections; null for no limit.</param>
    /// <param name="next">The rest of the pipeline.</param>
    /// <returns>A task that completes when the connection has ended.</returns>
    public Task OnConnectionAsync(ConnectionContext connection, NetworkRules networks, int? maximum, ConnectionDelegate next)
    {
        ArgumentNullException.ThrowIfNull(next);
        if (!networks.AreEmpty && networks.Refuses((connection.RemoteEndPoint as IPEndPoint)?.Address) is { } limit)
        {
            Refuse(connection, limit, ConnectionOutcome.Denied);
            return Task.CompletedTask;
        }

        return CountAsync(connection, maximum, next);
    }

    private async Task CountAsync(ConnectionContext connection, int? maximum, ConnectionDelegate next)
    {
        try
        {
            if (Interlocked.Increment(ref _count) > maximum)
            {
                Refuse(connection, "MaxConnections", ConnectionOutcome.LimitExceeded);
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

    private void Refuse(ConnectionContext connection, string limit, ConnectionOutcome outcome)
    {
        if (_reports.Add(limit, isDryRun: false) is { } count)
        {
            LimitLog.EndpointRefuses(logger, endpointId, limit, connection.RemoteEndPoint, count);
        }

        ConnectionRecord.Of(connection).Refuse(limit, outcome);
    }
}
