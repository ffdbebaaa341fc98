using System.Net;
using System.Net.Sockets;

namespace Proxy.Host.Tests.EndToEnd.Faults;

/// <summary>A server that greets each client and keeps it.</summary>
internal sealed class Kept : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _clients = [];

    public Kept(IPEndPoint address)
    {
        _listener.Bind(address);
        _listener.Listen(512);
        _ = AcceptAsync();
    }

    /// <summary>Resets all clients.</summary>
    public void LetGo()
    {
        lock (_clients)
        {
            _clients.ForEach(static client => client.Close(0));
            _clients.Clear();
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        LetGo();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync();
                lock (_clients)
                {
                    _clients.Add(client);
                }

                await client.SendAsync("hello"u8.ToArray());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }
    }
}
