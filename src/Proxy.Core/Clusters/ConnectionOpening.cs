using System.Text;
using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Clusters;
using Proxy.Configuration.Reading;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.ProxyProtocol;
using Proxy.Tls.Origination;

namespace Proxy.Clusters;

/// <summary>Does what precedes the bytes of clients on a new connection to a destination: the PROXY protocol header in clear, then TLS.</summary>
internal sealed class ConnectionOpening(Originations originations, TimeProvider time)
{
    /// <summary>Whether anything precedes the bytes of clients.</summary>
    public static bool IsNeeded(TcpClusterConfig settings) =>
        settings.SendProxyProtocol != ProxyProtocolVersion.None || settings.Tls is not null;

    /// <summary>Opens a connection.</summary>
    /// <param name="connection">The connection, on which nothing was sent. It is disposed if this fails.</param>
    /// <param name="address">The address of the destination.</param>
    /// <param name="clusterId">The cluster.</param>
    /// <param name="settings">The header, and how TLS begins.</param>
    /// <param name="client">The client's record; null if the connection is the proxy's own or is shared by clients.</param>
    /// <param name="left">The time that is left of the attempt.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection to which the bytes of clients go.</returns>
    /// <exception cref="TlsFailedException">TLS could not begin.</exception>
    /// <exception cref="IOException">The connection was lost.</exception>
    /// <exception cref="TimeoutException">There was no time left for the header.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<ConnectionContext> OpenAsync(
        ConnectionContext connection,
        string address,
        string clusterId,
        TcpClusterConfig settings,
        ConnectionRecord? client,
        TimeSpan left,
        CancellationToken cancellationToken
    )
    {
        using var late = new CancellationTokenSource(left > TimeSpan.Zero || left == Timeout.InfiniteTimeSpan ? left : TimeSpan.Zero, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            try
            {
                await ProxyHeaderSender.SendAsync(connection, settings, client, either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"The header of the PROXY protocol could not be sent within {settings.ConnectTimeout}.");
            }

            return settings.Tls is null
                ? connection
                : await BeginTlsAsync(connection, address, clusterId, settings, client, either.Token, cancellationToken);
        }
        catch
        {
            // Closing alone would be late while a child process holds a copy of the descriptor, and then a lock admits the next client. No reset, since an
            // alert may be under way that tells the destination what is wrong.
            await ((connection as TcpConnection)?.EndSendingAsync() ?? Task.CompletedTask);
            await connection.DisposeAsync();
            throw;
        }
    }

    private async ValueTask<ConnectionContext> BeginTlsAsync(
        ConnectionContext connection,
        string address,
        string clusterId,
        TcpClusterConfig settings,
        ConnectionRecord? client,
        CancellationToken either,
        CancellationToken cancelled
    )
    {
        var tcp = connection as TcpConnection ?? throw new NotSupportedException("TLS needs a transport of the proxy.");
        var host = DestinationAddress.TryParse(address, out var parsed, out _) ? parsed.Host : null;
        var target = new OriginationTarget(clusterId, host, Latin1(client?.Tls?.ApplicationProtocol), client);
        var origination = originations.Of(settings.Tls!);
        var started = time.GetTimestamp();
        try
        {
            return await origination.BeginAsync(tcp, target, either);
        }
        catch (OperationCanceledException exception) when (!cancelled.IsCancellationRequested)
        {
            var error =
                $"The TLS handshake with the destination was not over within {settings.ConnectTimeout}, which is for connecting and the handshake together.";
            origination.TimedOut(target, error, time.GetElapsedTime(started));
            throw new TlsFailedException(FailureReason.TimedOut, error, exception);
        }
    }

    private static ReadOnlyMemory<byte> Latin1(string? protocol) => protocol is null ? default : Encoding.Latin1.GetBytes(protocol);
}
