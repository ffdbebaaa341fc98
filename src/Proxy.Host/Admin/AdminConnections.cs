using Microsoft.AspNetCore.Connections;

namespace Proxy.Host.Admin;

/// <summary>The open connections of the admin address: so many, and one more is closed at once. Idle ones are no way to the host's descriptors.</summary>
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
