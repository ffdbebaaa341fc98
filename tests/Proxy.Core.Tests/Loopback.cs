using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Connections.Sockets;
using Proxy.Timing;

namespace Proxy.Core.Tests;

/// <summary>Real sockets on the loopbacks.</summary>
internal static class Loopback
{
    public static Socket Listen(IPAddress? address = null)
    {
        var socket = Reserve(address);
        socket.Listen();
        return socket;
    }

    /// <summary>
    /// A port that is taken and refuses connections. It is one of <see cref="Ports"/>: no other test listens on it at another address, or gets it
    /// while a client of this test still asks for it.
    /// </summary>
    public static Socket Reserve(IPAddress? address = null)
    {
        var end = new IPEndPoint(address ?? IPAddress.Loopback, Ports.Free());
        var socket = new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(end);
        return socket;
    }

    public static Socket ListenUnix(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.Listen();
        return socket;
    }

    public static string NewUnixPath(string name = "") => Path.Combine(Path.GetTempPath(), $"proxy-{Guid.NewGuid():N}{name}.sock");

    public static int Port(this Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    public static string Address(this Socket socket) => $"tcp://{socket.LocalEndPoint}";

    /// <summary>A peer's socket and our accepted connection on the portable transport.</summary>
    public static async Task<(Socket Peer, TcpConnection Ours)> ConnectAsync(
        BufferPool buffers,
        DeadlineClock clock,
        EndPoint? address = null
    )
    {
        var (peer, ours) = await ConnectAsync(new SocketTransportFactory(buffers, clock, TimeProvider.System), address);
        return (peer, (TcpConnection)ours);
    }

    /// <summary>A peer's socket and our accepted connection on a transport.</summary>
    /// <param name="factory">The transport.</param>
    /// <param name="address">Where it listens; a port of 127.0.0.1 unless given.</param>
    /// <param name="inline">Whether the connection's handlers run on the loop that accepts, as in the proxy.</param>
    public static async Task<(Socket Peer, ConnectionContext Ours)> ConnectAsync(
        IConnectionListenerFactory factory,
        EndPoint? address = null,
        bool inline = false
    )
    {
        await using var listener = await factory.BindAsync(new ListenEndPoint(address ?? new IPEndPoint(IPAddress.Loopback, 0)));
        if (inline)
        {
            ((ITunableListener)listener).AcceptInline();
        }

        var unix = listener.EndPoint is UnixDomainSocketEndPoint;
        var peer = new Socket(listener.EndPoint.AddressFamily, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        await peer.ConnectAsync(listener.EndPoint);
        while (true)
        {
            var ours = (await listener.AcceptAsync())!;
            if (unix || peer.LocalEndPoint!.Equals(ours.RemoteEndPoint))
            {
                return (peer, ours);
            }

            await ours.DisposeAsync(); // a client of another test, which still dials the port that its own server had
        }
    }

    public static async Task<Socket> AcceptWithinAsync(this Socket listener)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        return await listener.AcceptAsync(limit.Token);
    }

    /// <summary>Reads until FIN or RST.</summary>
    public static async Task<(byte[] Bytes, bool Reset)> ReadToEndAsync(this Socket socket)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        using var bytes = new MemoryStream();
        var buffer = new byte[65536];
        try
        {
            while (await socket.ReceiveAsync(buffer, limit.Token) is var count and > 0)
            {
                bytes.Write(buffer, 0, count);
            }

            return (bytes.ToArray(), false);
        }
        catch (SocketException)
        {
            return (bytes.ToArray(), true);
        }
    }

    /// <summary>Whether a client is reset: when it reads, or so soon that connecting already says so.</summary>
    public static async Task<bool> IsResetAsync(Func<Task<Socket>> call)
    {
        try
        {
            using var client = await call();
            return (await client.ReadToEndAsync()).Reset;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return true;
        }
    }

    public static async Task<string> ReadTextAsync(this Socket socket, int length)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var buffer = new byte[length];
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        await stream.ReadExactlyAsync(buffer, limit.Token);
        return System.Text.Encoding.ASCII.GetString(buffer);
    }
}
