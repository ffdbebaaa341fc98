using System.Net;
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
        return await ConnectAsync(context.DnsEndPoint, cancellationToken);
    }

    /// <summary>Connects to an address or, trying its addresses in turn, to a name.</summary>
    /// <exception cref="SocketException">The address does not answer, no local port is left, or the descriptors that are kept for dials are in use.</exception>
    public static async ValueTask<Stream> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        Resources.OfProcess.BeforeDial();
        var socket =
            endPoint is IPEndPoint
                ? new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
                : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            await socket.ConnectAsync(endPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw NoLocalPortException.Explain(exception, endPoint);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
