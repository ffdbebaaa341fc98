using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Tls.Termination;

/// <summary>Hands the connections of a route on as they are within TLS. It stands between the limits of the route and its mode.</summary>
/// <param name="terminator">Does the handshakes.</param>
/// <param name="next">The mode of the route.</param>
internal sealed class TlsMiddleware(TlsTerminator terminator, ConnectionDelegate next)
{
    private static readonly ConnectionAbortedException _failed = new("The route's mode failed.");

    /// <summary>Handles one connection.</summary>
    /// <returns>A task that completes when the connection has ended.</returns>
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        if (await terminator.AuthenticateAsync((TcpConnection)connection, ConnectionRecord.Of(connection)) is { } tls)
        {
            await using (tls)
            {
                try
                {
                    await next(tls);
                }
                catch
                {
                    tls.Abort(_failed); // an orderly end would look as if all bytes had arrived
                    throw;
                }
            }
        }
    }
}
