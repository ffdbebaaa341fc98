using Microsoft.AspNetCore.Connections;

namespace Proxy.Connections;

/// <summary>Runs work on behalf of a connection of any transport.</summary>
internal static class ConnectionWork
{
    /// <summary>
    /// Runs work where the connection's handlers run, as <see cref="TcpConnection.Post"/> does; on the thread pool for connections of other
    /// transports.
    /// </summary>
    public static void PostTo(ConnectionContext connection, IThreadPoolWorkItem work)
    {
        if (connection is TcpConnection tcp)
        {
            tcp.Post(work);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
        }
    }
}
