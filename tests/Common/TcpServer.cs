using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Proxy.Testing;

/// <summary>A server that greets first and echoes then, as an upstream.</summary>
internal sealed class TcpServer : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly string _greeting;
    private readonly int _echoes;
    private int _connections;

    /// <param name="greeting">What it says first.</param>
    /// <param name="port">Its port; 0 for one that no other test gets, not even when this server has gone and has to be missed.</param>
    /// <param name="echoes">How often it says what it hears.</param>
    public TcpServer(string greeting, int port = 0, int echoes = 1)
        : this(greeting, new IPEndPoint(IPAddress.Loopback, port == 0 ? Ports.Free() : port), echoes) { }

    public TcpServer(string greeting, IPEndPoint address, int echoes = 1)
    {
        _greeting = greeting;
        _echoes = echoes;
        _listener.Bind(address);
        _listener.Listen(1024);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _ = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Connections that were accepted so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                Interlocked.Increment(ref _connections);
                _ = EchoAsync(socket);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }
    }

    private async Task EchoAsync(Socket socket)
    {
        using var owned = socket;
        try
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(_greeting));
            var buffer = new byte[4096];
            while (await socket.ReceiveAsync(buffer) is var count and > 0)
            {
                for (var i = 0; i < _echoes; i++)
                {
                    await socket.SendAsync(buffer.AsMemory(0, count));
                }
            }
        }
        catch (SocketException) { }
    }
}
