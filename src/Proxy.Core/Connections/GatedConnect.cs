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
    public static ValueTask<Stream> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        Resources.OfProcess.BeforeDial();
        return OpenAsync(endPoint, static socket => new NetworkStream(socket, ownsSocket: true), cancellationToken);
    }

    /// <summary>Connects to a destination for a client of HTTP, for which a descriptor is kept.</summary>
    /// <exception cref="SocketException">The address does not answer, no local port is left, or the descriptors that are kept are in use.</exception>
    public static async ValueTask<Stream> ConnectHttpAsync(EndPoint endPoint, Resources resources, CancellationToken cancellationToken)
    {
        resources.BeforeHttpDial();
        resources.CountHttpDial(1);
        try
        {
            return await OpenAsync(endPoint, socket => new CountedStream(socket, resources), cancellationToken);
        }
        catch
        {
            resources.CountHttpDial(-1);
            throw;
        }
    }

    private static async ValueTask<Stream> OpenAsync(EndPoint endPoint, Func<Socket, Stream> wrap, CancellationToken cancellationToken)
    {
        var socket =
            endPoint is IPEndPoint
                ? new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
                : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            await socket.ConnectAsync(endPoint, cancellationToken);
            return wrap(socket);
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

    private sealed class CountedStream(Socket socket, Resources resources) : NetworkStream(socket, ownsSocket: true)
    {
        private int _isClosed;

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (Interlocked.Exchange(ref _isClosed, 1) == 0)
            {
                resources.CountHttpDial(-1);
            }
        }
    }
}
