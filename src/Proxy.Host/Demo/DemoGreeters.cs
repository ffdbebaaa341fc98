using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Listeners;

namespace Proxy.Host.Demo;

/// <summary>Two TCP servers on 127.0.0.1:17002 and 17003, which send a greeting and then echo what they receive.</summary>
internal sealed class DemoGreeters(IEnumerable<IConnectionListenerFactory> transports) : IHostedService
{
    private static readonly int[] _ports = [17002, 17003];
    private readonly List<IConnectionListener> _listeners = [];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var port in _ports)
        {
            var listener = await BindAsync(port, cancellationToken);
            _listeners.Add(listener);
            _ = AcceptAsync(listener, port);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var listener in _listeners)
        {
            await listener.UnbindAsync(cancellationToken);
            await listener.DisposeAsync();
        }
    }

    private async Task<IConnectionListener> BindAsync(int port, CancellationToken cancellationToken)
    {
        var address = new ListenEndPoint(new IPEndPoint(IPAddress.Loopback, port));
        var transport = transports.First(transport =>
            transport is IConnectionListenerFactorySelector selector && selector.CanBind(address)
        );
        try
        {
            return await transport.BindAsync(address, cancellationToken);
        }
        catch (Exception exception) when (exception is AddressInUseException or SocketException)
        {
            throw new BindException("Demo", exception);
        }
    }

    private static async Task AcceptAsync(IConnectionListener listener, int port)
    {
        while (await listener.AcceptAsync() is { } connection)
        {
            _ = EchoAsync(connection, port);
        }
    }

    private static async Task EchoAsync(ConnectionContext connection, int port)
    {
        await using var owned = connection;
        try
        {
            await connection.Transport.Output.WriteAsync(Encoding.ASCII.GetBytes($"hello from {port}\r\n"));
            await connection.Transport.Input.CopyToAsync(connection.Transport.Output);
        }
        catch (IOException)
        {
            // The client closed the connection.
        }
    }
}
