using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Host.Tests.EndToEnd.Locking;

/// <summary>An echo server that counts its connections, each from accept until the client closes it.</summary>
internal sealed class CountingServer : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Task _accepting;
    private readonly Lock _gate = new(); // guards the counts
    private readonly HashSet<Socket> _clients = [];
    private int _most;
    private int _all;

    public CountingServer(int port = 0)
    {
        _listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(1024);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>The first byte of each connection, in the order in which they were served.</summary>
    public ConcurrentQueue<byte> Said { get; } = new();

    public int Now
    {
        get
        {
            lock (_gate)
            {
                _clients.RemoveWhere(IsReset);
                return _clients.Count;
            }
        }
    }

    /// <summary>The number of accepted connections.</summary>
    public int All => Volatile.Read(ref _all);

    public int Most
    {
        get
        {
            lock (_gate)
            {
                return _most;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync();
                Interlocked.Increment(ref _all);
                Add(client);
                _ = EchoAsync(client);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }
    }

    private async Task EchoAsync(Socket client)
    {
        using var owned = client;
        var isFirst = true;
        var buffer = new byte[4096];
        try
        {
            while (await client.ReceiveAsync(buffer) is var count and > 0)
            {
                if (isFirst)
                {
                    Said.Enqueue(buffer[0]);
                    isFirst = false;
                }

                await client.SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (SocketException) { }
        finally
        {
            Remove(client);
        }
    }

    // A reset client does not count, even if the reset was not read from its socket yet.
    private void Add(Socket client)
    {
        lock (_gate)
        {
            _clients.RemoveWhere(IsReset);
            _clients.Add(client);
            _most = Math.Max(_most, _clients.Count);
        }
    }

    private void Remove(Socket client)
    {
        lock (_gate)
        {
            _clients.Remove(client);
        }
    }

    private static bool IsReset(Socket client)
    {
        const int Tcp = 6;
        const int Info = 11;
        const byte Closed = 7;
        Span<byte> info = stackalloc byte[8];
        return OperatingSystem.IsLinux() && client.GetRawSocketOption(Tcp, Info, info) > 0 && info[0] == Closed;
    }
}
