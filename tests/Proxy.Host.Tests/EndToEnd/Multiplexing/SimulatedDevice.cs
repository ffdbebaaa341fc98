using System.Net;
using System.Net.Sockets;

namespace Proxy.Host.Tests.EndToEnd.Multiplexing;

/// <summary>The length of the message at the start of some bytes; 0 while it is not whole.</summary>
internal delegate int MessageLength(ReadOnlySpan<byte> bytes);

/// <summary>A device that handles each message as the test specifies, and can be switched off and on again.</summary>
internal sealed class SimulatedDevice : IAsyncDisposable
{
    private readonly MessageLength _length;
    private readonly Lock _gate = new(); // guards all below
    private readonly HashSet<Socket> _open = [];
    private Socket? _listener;
    private int _connections;
    private int _most;

    public SimulatedDevice(MessageLength length)
    {
        _length = length;
        Port = Listen(Ports.Free()); // no other test gets it while the device is off
    }

    public int Port { get; }

    /// <summary>Handles a message; an exception ends the connection.</summary>
    public required Func<byte[], Socket, Task> OnMessage { get; set; }

    /// <summary>Whether a new connection is kept.</summary>
    public Func<Socket, bool> OnConnect { get; init; } = static _ => true;

    /// <summary>The number of connections so far, and the highest number at once.</summary>
    public (int All, int Most) Connections
    {
        get
        {
            lock (_gate)
            {
                return (_connections, _most);
            }
        }
    }

    /// <summary>Lines that end with LF.</summary>
    public static int Line(ReadOnlySpan<byte> bytes) => bytes.IndexOf((byte)'\n') + 1;

    /// <summary>Modbus TCP.</summary>
    public static int Mbap(ReadOnlySpan<byte> bytes) => bytes.Length < 6 ? 0 : Whole(bytes, 6 + ((bytes[4] << 8) | bytes[5]));

    /// <summary>The length of a message of fixed size; 0 while it is not complete.</summary>
    public static int Whole(ReadOnlySpan<byte> bytes, int length) => length <= bytes.Length ? length : 0;

    /// <summary>Resets all connections and refuses others.</summary>
    public void SwitchOff()
    {
        lock (_gate)
        {
            _listener?.Dispose();
            _listener = null;
            foreach (var socket in _open)
            {
                socket.Close(0);
            }

            _open.Clear();
        }
    }

    public void SwitchOn() => Listen(Port);

    public ValueTask DisposeAsync()
    {
        SwitchOff();
        return ValueTask.CompletedTask;
    }

    private int Listen(int port)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen();
        lock (_gate)
        {
            _listener = listener;
        }

        _ = AcceptAsync(listener);
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await listener.AcceptAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The device was switched off.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        lock (_gate)
        {
            if (_listener is null)
            {
                socket.Close(0); // accepted just before the device was switched off
                return;
            }

            _connections++;
            _open.Add(socket);
            _most = Math.Max(_most, _open.Count);
        }

        try
        {
            if (OnConnect(socket))
            {
                await ReadAsync(socket);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or IOException)
        {
            // The proxy or the test ended the connection.
        }
        finally
        {
            lock (_gate)
            {
                _open.Remove(socket);
            }

            socket.Dispose();
        }
    }

    private async Task ReadAsync(Socket socket)
    {
        var buffer = new byte[65536];
        var count = 0;
        while (await socket.ReceiveAsync(buffer.AsMemory(count)) is var received and > 0)
        {
            count += received;
            while (count > 0 && _length(buffer.AsSpan(0, count)) is var length and > 0)
            {
                var message = buffer[..length];
                buffer.AsSpan(length, count - length).CopyTo(buffer);
                count -= length;
                await OnMessage(message, socket);
            }
        }
    }
}
