using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Proxy.Channels.Tunnel;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>Dials the local server behind one tunnel, and answers the peer with what came of it: bytes flow once the server is connected.</summary>
/// <param name="tunnel">The tunnel, which is admitted.</param>
/// <param name="connections">Dials an address.</param>
/// <param name="limit">How long the server may take.</param>
/// <param name="metrics">Counts the tunnel as open.</param>
/// <param name="time">The clock.</param>
internal sealed class ServerDialer(
    ServerTunnelConnection tunnel,
    IConnectionFactory connections,
    TimeSpan limit,
    TunnelMetrics metrics,
    TimeProvider time
) : IConnectionFactory
{
    /// <summary>Whether the tunnel stands.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Dials.</summary>
    /// <param name="endpoint">The server's address.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection, of which the peer knows.</returns>
    /// <exception cref="ConnectionEndedException">The server did not answer, which the peer was told, or the peer has gone.</exception>
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var server = await DialAsync(endpoint, cancellationToken);
        try
        {
            await tunnel.AcceptAsync();
            metrics.Opened(ConnectionRecord.Of(tunnel));
            IsOpen = true;
            return server;
        }
        catch (IOException exception)
        {
            server.Abort(new ConnectionAbortedException("The peer has gone."));
            await server.DisposeAsync();
            throw new ConnectionEndedException(ConnectionOutcome.ClientReset, exception);
        }
    }

    private async Task<ConnectionContext> DialAsync(EndPoint endpoint, CancellationToken cancellationToken)
    {
        var record = ConnectionRecord.Of(tunnel);
        var started = time.GetTimestamp();
        string? error = null;
        using var late = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, tunnel.ConnectionClosed, cancellationToken);
        try
        {
            return await connections.ConnectAsync(endpoint, either.Token);
        }
        catch (SocketException exception)
        {
            error = ErrorType.Of(exception);
            throw Refused(StatusCodes.Status503ServiceUnavailable, "connection_refused", exception);
        }
        catch (OperationCanceledException exception)
        {
            error = tunnel.IsGone ? ErrorType.Cancelled : ErrorType.TimedOut;
            throw Refused(StatusCodes.Status504GatewayTimeout, "connection_timeout", exception);
        }
        finally
        {
            record.Span?.Dialed(tunnel.From, endpoint.ToString()!, time.GetElapsedTime(started), error);
        }
    }

    private ConnectionEndedException Refused(int status, string reason, Exception cause)
    {
        tunnel.Refuse(status, reason);
        var outcome = tunnel.IsGone ? ConnectionOutcome.ClientReset : ConnectionOutcome.ConnectFailed;
        ConnectionRecord.Of(tunnel).TryEnd(outcome); // the answer is the end: a reset would take it back
        return new(outcome, cause);
    }
}
