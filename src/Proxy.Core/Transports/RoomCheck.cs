using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Proxy.Connections;

namespace Proxy.Transports;

/// <summary>
/// Opens at the start what would be opened with the first connection, and then refuses the start if the limit of descriptors leaves no room
/// for clients.
/// </summary>
internal sealed class RoomCheck(Transport transport, Resources resources) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        transport.Start();
        await StartSocketsAsync(cancellationToken);
        resources.CheckRoom(); // before anything listens, since the clients of a restart come at once
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // The first wait for a socket makes .NET open the descriptors by which it waits for all of them.
    private static async Task StartSocketsAsync(CancellationToken cancellationToken)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var receiving = listener.ReceiveAsync(new byte[1], cancellationToken);
            _ = await listener.SendToAsync(new byte[1], listener.LocalEndPoint!, cancellationToken);
            _ = await receiving;
        }
        catch (SocketException)
        {
            // A host without IPv4 opens them later.
        }
    }
}
