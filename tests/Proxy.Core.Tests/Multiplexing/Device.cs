using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.Multiplexing;

/// <summary>A destination that does what a test says with each message. Unless told otherwise it answers a line with "=" and the line.</summary>
internal sealed class Device : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly IMessageFramer _framer;
    private readonly ConcurrentDictionary<MultiplexPeer, byte> _open = new();
    private readonly Task _accepting;
    private int _connections;
    private int _mostOpen;

    /// <param name="framer">How its messages are delimited; lines unless given.</param>
    /// <param name="port">Its port; 0 for one that no other test gets, not even when this device has gone and has to be missed.</param>
    public Device(IMessageFramer? framer = null, int port = 0)
    {
        _framer = framer ?? Line;
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _listener.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, port == 0 ? Ports.Free() : port));
        _listener.Listen();
        Port = _listener.Port();
        _accepting = AcceptAsync();
    }

    public static IMessageFramer Line { get; } = Named("line");

    public static IMessageFramer Http { get; } = Named("http1");

    public static IMessageFramer ModbusTcp { get; } = Named("modbus-tcp");

    public static IMessageFramer ModbusRtu { get; } = Named("modbus-rtu-over-tcp");

    public int Port { get; }

    /// <summary>What happens with a message.</summary>
    public Func<byte[], MultiplexPeer, Task> OnMessage { get; set; } =
        static (message, peer) => peer.SendAsync("=" + Encoding.Latin1.GetString(message));

    /// <summary>What happens with a new connection; false refuses it.</summary>
    public Func<MultiplexPeer, Task<bool>> OnConnect { get; set; } = static _ => Task.FromResult(true);

    public ConcurrentQueue<byte[]> Messages { get; } = new();

    public IReadOnlyList<string> Lines => [.. Messages.Select(static message => Encoding.Latin1.GetString(message).TrimEnd('\n'))];

    /// <summary>Connections so far, at this moment, and at most at once.</summary>
    public (int All, int Open, int Most) Connections => (Volatile.Read(ref _connections), _open.Count, Volatile.Read(ref _mostOpen));

    public IReadOnlyCollection<MultiplexPeer> Open => [.. _open.Keys];

    public Task SeenAsync(int messages) => Eventually.TrueAsync(() => Messages.Count >= messages);

    /// <summary>Answers lines by a function, in order.</summary>
    public void Answer(Func<string, string> answer) =>
        OnMessage = (message, peer) => peer.SendAsync(answer(Encoding.Latin1.GetString(message).TrimEnd('\n')) + "\n");

    /// <summary>Does something else with messages that begin with a letter.</summary>
    public void On(char letter, Func<MultiplexPeer, Task> act)
    {
        var answer = OnMessage;
        OnMessage = (message, peer) => message[0] == letter ? act(peer) : answer(message, peer);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        foreach (var peer in _open.Keys)
        {
            peer.Dispose();
        }

        await _accepting;
    }

    private static IMessageFramer Named(string name) =>
        KnownProtocols.BuiltIn.TryFind(name, out var framer) ? framer : throw new ArgumentException(name);

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                socket.NoDelay = true;
                _ = ServeAsync(new MultiplexPeer(socket));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(MultiplexPeer peer)
    {
        Interlocked.Increment(ref _connections);
        _open.TryAdd(peer, 0);
        Volatile.Write(ref _mostOpen, Math.Max(_open.Count, Volatile.Read(ref _mostOpen)));
        try
        {
            if (await OnConnect(peer))
            {
                await ReadAsync(peer);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The proxy or the test ended it.
        }
        finally
        {
            _open.TryRemove(peer, out _);
            peer.Dispose();
        }
    }

    private async Task ReadAsync(MultiplexPeer peer)
    {
        var buffer = new byte[65536];
        var count = 0;
        while (await peer.Socket.ReceiveAsync(buffer.AsMemory(count)) is var received and > 0)
        {
            count += received;
            while (
                count > 0
                && _framer.Measure(MeasureContext.ForRequest(buffer.AsSpan(0, count)))
                    is { Status: FrameStatus.Complete, Length: var length }
            )
            {
                var message = buffer[..length];
                buffer.AsSpan(length, count - length).CopyTo(buffer);
                count -= length;
                Messages.Enqueue(message);
                await OnMessage(message, peer);
            }
        }
    }
}
