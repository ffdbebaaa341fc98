using Microsoft.AspNetCore.Connections;

namespace Proxy.Host.Admin;

/// <summary>
/// Limits the open connections of the admin address to 256. Further connections are closed at once, so that idle ones cannot use up the
/// file descriptors of the host.
/// </summary>
internal sealed class AdminConnections
{
    public const int Max = 256;

    private int _open;

    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        try
        {
            if (Interlocked.Increment(ref _open) <= Max)
            {
                await next(connection);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}
