using System.Net.Sockets;

namespace Proxy.Connections;

/// <summary>Connects HTTP clients as <see cref="SocketsHttpHandler"/> does by itself, if there is a descriptor for it.</summary>
internal static class GatedConnect
{
    /// <summary>The <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    /// <exception cref="SocketException">The address does not answer, or the descriptors that are kept for dials are in use.</exception>
    public static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        Resources.OfProcess.BeforeDial();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
