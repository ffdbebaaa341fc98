using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Proxy.Timing;

namespace Proxy.Connections.Sockets;

/// <summary>Dials IP and unix addresses.</summary>
public sealed class SocketConnectionFactory(BufferPool buffers, DeadlineClock clock, TimeProvider time) : IConnectionFactory
{
    private readonly SocketDependencies _services = new(buffers, clock, time);

    /// <inheritdoc />
    /// <exception cref="SocketException">
    /// The address does not answer, or the process has no descriptor (TooManyOpenSockets) or the host no port (AddressNotAvailable) left for it.
    /// </exception>
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var socket =
            endpoint is UnixDomainSocketEndPoint
                ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                : new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            Resources.OfProcess.BeforeDial();
            if (endpoint is SourcedEndPoint { Source: var source })
            {
                SocketOptions.ChoosePortLate(socket);
                socket.Bind(new IPEndPoint(source, 0));
            }

            await ConnectAsync(socket, endpoint, cancellationToken);
            return new SocketConnection(socket, _services);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async ValueTask ConnectAsync(Socket socket, EndPoint endpoint, CancellationToken cancellationToken)
    {
        try
        {
            await socket.ConnectAsync((endpoint as SourcedEndPoint)?.Address ?? endpoint, cancellationToken);
        }
        catch (SocketException exception)
        {
            throw NoLocalPortException.Explain(exception, endpoint);
        }
    }
}
