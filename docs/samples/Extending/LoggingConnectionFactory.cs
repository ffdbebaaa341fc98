using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Connections.Sockets;
using Proxy.Timing;

namespace Extending;

/// <summary>Writes each connection to a destination to the log.</summary>
internal sealed class LoggingConnectionFactory(
    BufferPool buffers,
    DeadlineClock clock,
    TimeProvider time,
    ILogger<LoggingConnectionFactory> logger
) : IConnectionFactory
{
    private readonly SocketConnectionFactory _sockets = new(buffers, clock, time);

    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var connection = await _sockets.ConnectAsync(endpoint, cancellationToken);
        logger.LogInformation("Connected to {EndPoint} from {Local}.", endpoint, connection.LocalEndPoint);
        return connection;
    }
}
