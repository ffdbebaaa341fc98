using Microsoft.AspNetCore.Connections;

namespace Proxy.Connections;

/// <summary>Work for a connection of whatever transport.</summary>
internal static class ConnectionWork
{
    /// <summary>Runs work where the connection's handlers run, as <see cref="TcpConnection.Post"/> does; on the thread pool where it is none of ours.</summary>
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
