using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Proxy.Channels.Tunnel;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>Dials local servers for tunnels and answers the peer with the result. Bytes flow once the server is connected.</summary>
internal sealed class ServerDialer(
    IConnectionFactory connections,
    CurrentChannels channels,
    ReadyProbe ready,
    TunnelMetrics metrics,
    TimeProvider time
) : IConnectionFactory
{
    /// <summary>Dials the local server.</summary>
    /// <param name="endpoint">A <see cref="ServedEndPoint"/>.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection to the server; the peer has received the answer.</returns>
    /// <exception cref="DialFailedException">
    /// The server could not be connected, which the peer was answered, or the peer has gone.
    /// </exception>
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var served = (ServedEndPoint)endpoint;
        var record = ConnectionRecord.Of(served.Tunnel.Bytes);
        var server = await DialAsync(served, record, cancellationToken);
        try
        {
            await served.Tunnel.AcceptAsync();
        }
        catch (Exception exception)
        {
            server.Abort(new ConnectionAbortedException("The peer did not get the answer that it is connected.", exception));
            await server.DisposeAsync();
            if (exception is IOException)
            {
                throw new DialFailedException(ConnectionOutcome.ClientReset, exception);
            }

            throw;
        }

        metrics.Opened(record);
        served.Keep(() => metrics.Ended(record));
        return server;
    }

    private async Task<ConnectionContext> DialAsync(ServedEndPoint served, ConnectionRecord record, CancellationToken cancellationToken)
    {
        var tunnel = served.Tunnel;
        var started = time.GetTimestamp();
        string? error = null;
        using var late = new CancellationTokenSource(channels.Config.Tunnel.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, tunnel.Bytes.ConnectionClosed, cancellationToken);
        try
        {
            var server = await connections.ConnectAsync(served.Server, either.Token);
            ready.Dialed(served.Channel, succeeded: true);
            return server;
        }
        catch (SocketException exception)
        {
            if (!Resources.IsShortage(exception))
            {
                ready.Dialed(served.Channel, succeeded: false);
            }

            error = ErrorType.Of(exception);
            throw Refused(tunnel, record, StatusCodes.Status503ServiceUnavailable, "connection_refused", exception);
        }
        catch (OperationCanceledException exception)
        {
            if (late.IsCancellationRequested)
            {
                ready.Dialed(served.Channel, succeeded: false);
            }

            error = tunnel.IsGone ? ErrorType.Cancelled : ErrorType.TimedOut;
            throw Refused(tunnel, record, StatusCodes.Status504GatewayTimeout, "connection_timeout", exception);
        }
        finally
        {
            record.Span?.Dialed(tunnel.From, served.Server.ToString(), time.GetElapsedTime(started), error);
        }
    }

    private static DialFailedException Refused(IServedTunnel tunnel, ConnectionRecord record, int status, string reason, Exception cause)
    {
        tunnel.Refuse(status, reason);
        var outcome = tunnel.IsGone ? ConnectionOutcome.ClientReset : ConnectionOutcome.ConnectFailed;
        record.TryEnd(outcome); // before the connection is closed, so that this outcome stays
        return new(outcome, cause);
    }
}
