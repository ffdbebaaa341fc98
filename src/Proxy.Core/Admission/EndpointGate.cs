using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Networks;
using Proxy.Diagnostics;

namespace Proxy.Admission;

/// <summary>Decides which peers an endpoint accepts, before anything is read. The count of connections, which their records tell of their ends, survives edits. Thread-safe.</summary>
/// <param name="endpointId">The id of the endpoint.</param>
/// <param name="time">Measures the time between lines in the log.</param>
/// <param name="logger">Receives a line when a limit is reached.</param>
/// <param name="used">Called with the first connection after there was none, and with the last, while no endpoint has this gate; null if it is kept.</param>
internal sealed class EndpointGate(string endpointId, TimeProvider time, ILogger logger, Action<EndpointGate>? used = null) : IOpenCount
{
    private readonly LimitReports _reports = new(time);
    private int _count;
    private volatile bool _isRemoved;

    /// <summary>The id of the endpoint.</summary>
    public string EndpointId => endpointId;

    /// <summary>The number of open connections.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether its endpoint is gone, while connections of it may be open.</summary>
    public bool IsRemoved
    {
        get => _isRemoved;
        set
        {
            _isRemoved = value;
            Interlocked.MemoryBarrier(); // what reads the count after this has it, or the last connection sees this
        }
    }

    /// <summary>How often each limit was reached.</summary>
    public IEnumerable<LimitCount> Reached => _reports.Counts;

    /// <summary>The limits on numbers that were reached in the last minute.</summary>
    public IEnumerable<LimitUse> Lately => _reports.Lately;

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
            Refuse(connection, limit, null, ConnectionOutcome.Denied);
            return Task.CompletedTask;
        }

        var count = Interlocked.Increment(ref _count);
        ConnectionRecord.Of(connection).CountedBy(this);
        if (count == 1)
        {
            TellIfRemoved(); // it was accepted before the endpoint went
        }

        if (count > maximum)
        {
            Refuse(connection, "MaxConnections", maximum, ConnectionOutcome.LimitExceeded);
            return Task.CompletedTask;
        }

        return next(connection);
    }

    void IOpenCount.Left()
    {
        if (Interlocked.Decrement(ref _count) == 0)
        {
            TellIfRemoved();
        }
    }

    private void TellIfRemoved()
    {
        if (_isRemoved)
        {
            used?.Invoke(this);
        }
    }

    private void Refuse(ConnectionContext connection, string limit, int? value, ConnectionOutcome outcome)
    {
        if (_reports.Add(limit, isDryRun: false, value) is { } count)
        {
            LimitLog.EndpointRefuses(logger, endpointId, limit, connection.RemoteEndPoint, count);
        }

        ConnectionRecord.Of(connection).Refuse(limit, outcome);
    }
}
