using System.Net;
using System.Net.Sockets;
using Proxy.Native;

namespace Proxy.Connections.Linux;

/// <summary>Operations on socket descriptors.</summary>
internal static unsafe class Descriptor
{
    public static void SetOption(int descriptor, int level, int name, int value) =>
        _ = Libc.SetOption(descriptor, level, name, &value, sizeof(int));

    /// <summary>Lets small writes go out at once, also while earlier bytes are not acknowledged (TCP_NODELAY).</summary>
    public static void SendAtOnce(int descriptor) => SetOption(descriptor, Libc.IpProtoTcp, Libc.TcpNoDelay, 1);

    public static void SetKeepAlive(int descriptor, KeepAlive keepAlive)
    {
        SetOption(descriptor, Libc.SolSocket, Libc.SoKeepAlive, 1);
        SetOption(descriptor, Libc.IpProtoTcp, Libc.TcpKeepIdle, keepAlive.IdleSeconds);
        SetOption(descriptor, Libc.IpProtoTcp, Libc.TcpKeepInterval, keepAlive.IntervalSeconds);
        SetOption(descriptor, Libc.IpProtoTcp, Libc.TcpKeepCount, keepAlive.Probes);
    }

    /// <summary>Reads and clears the error of a socket; 0 for none.</summary>
    public static int Error(int descriptor)
    {
        var error = 0;
        uint length = sizeof(int);
        return Libc.GetOption(descriptor, Libc.SolSocket, Libc.SoError, &error, &length) < 0 ? Errno.Last : error;
    }

    /// <summary>The number of bytes that were received and not read.</summary>
    public static int Unread(int descriptor) => Ask(descriptor, Libc.SocketBytesToRead);

    /// <summary>The number of bytes that were sent and not acknowledged by the peer's kernel.</summary>
    public static int Unsent(int descriptor) => Ask(descriptor, Libc.SocketBytesToSend);

    /// <summary>Receives without blocking.</summary>
    /// <returns>The number of bytes, 0 at the end of the stream, or a negative <see cref="Errno"/>.</returns>
    public static int Receive(int descriptor, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            return Receive(descriptor, start, buffer.Length);
        }
    }

    /// <inheritdoc cref="Receive(int, Span{byte})"/>
    public static int Receive(int descriptor, byte* buffer, int length) => Receive(descriptor, buffer, length, flags: 0);

    /// <summary>Copies bytes and leaves them in the socket; otherwise like Receive.</summary>
    public static int Peek(int descriptor, byte* buffer, int length) => Receive(descriptor, buffer, length, Libc.MsgPeek);

    private static int Receive(int descriptor, byte* buffer, int length, int flags)
    {
        while (true)
        {
            var count = (int)Libc.Receive(descriptor, buffer, (nuint)length, flags);
            if (count >= 0)
            {
                return count;
            }

            if (Errno.Last is var error and not Errno.Interrupted)
            {
                return -error;
            }
        }
    }

    /// <summary>Sends without blocking.</summary>
    /// <returns>The number of bytes that the kernel took, or a negative <see cref="Errno"/>.</returns>
    public static int Send(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return Send(descriptor, start, bytes.Length);
        }
    }

    /// <inheritdoc cref="Send(int, ReadOnlySpan{byte})"/>
    /// <param name="descriptor">The socket.</param>
    /// <param name="bytes">What to send.</param>
    /// <param name="length">The number of bytes.</param>
    /// <param name="endFollows">Whether the next call ends the stream, so that the bytes and FIN travel in one segment.</param>
    public static int Send(int descriptor, byte* bytes, int length, bool endFollows = false)
    {
        var flags = endFollows ? Libc.MsgNoSignal | Libc.MsgMore : Libc.MsgNoSignal;
        while (true)
        {
            var count = (int)Libc.Send(descriptor, bytes, (nuint)length, flags);
            if (count >= 0)
            {
                return count;
            }

            if (Errno.Last is var error and not Errno.Interrupted)
            {
                return -error;
            }
        }
    }

    /// <summary>Moves bytes from a socket to a pipe or from a pipe to a socket, without blocking.</summary>
    /// <returns>The number of bytes, 0 at the end of the stream, or a negative <see cref="Errno"/>.</returns>
    public static int Splice(int from, int to, int length)
    {
        while (true)
        {
            var count = (int)Libc.Splice(from, 0, to, 0, (nuint)length, Libc.SpliceMove | Libc.SpliceNonBlock);
            if (count >= 0)
            {
                return count;
            }

            if (Errno.Last is var error and not Errno.Interrupted)
            {
                return -error;
            }
        }
    }

    /// <summary>Opens a non-blocking stream socket for dialing, which is reset when the process dies.</summary>
    /// <exception cref="SocketException">No descriptor is left, or the system does not support the address family.</exception>
    public static int Open(EndPoint endPoint)
    {
        var family = endPoint.AddressFamily switch
        {
            AddressFamily.Unix => Libc.AfUnix,
            AddressFamily.InterNetworkV6 => Libc.AfInet6,
            _ => Libc.AfInet,
        };
        var descriptor = Require(Libc.Socket(family, Libc.SockStream | Libc.SockNonBlock | Libc.SockCloexec, 0));
        if (family != Libc.AfUnix)
        {
            ResetOnClose(descriptor, resets: true);
        }

        return descriptor;
    }

    /// <summary>Starts to connect.</summary>
    /// <returns>0 when connected, EINPROGRESS while connecting, or the error.</returns>
    public static int Connect(int descriptor, EndPoint endPoint)
    {
        var address = stackalloc byte[NativeAddress.MaxLength];
        var length = NativeAddress.Write(endPoint, new Span<byte>(address, NativeAddress.MaxLength));
        return Libc.Connect(descriptor, address, (uint)length) == 0 ? 0 : Errno.Last;
    }

    /// <summary>Binds the source address. The port is chosen by connect, which can share it between destinations.</summary>
    /// <exception cref="SocketException">The address is not one of this machine.</exception>
    public static void Bind(int descriptor, IPAddress source)
    {
        const int IpProtoIp = 0;
        const int BindAddressNoPort = 24;
        SetOption(descriptor, IpProtoIp, BindAddressNoPort, 1);
        var address = stackalloc byte[NativeAddress.MaxLength];
        var length = NativeAddress.Write(new IPEndPoint(source, 0), new Span<byte>(address, NativeAddress.MaxLength));
        _ = Require(Libc.Bind(descriptor, address, (uint)length));
    }

    /// <summary>Accepts without blocking.</summary>
    /// <returns>A non-blocking descriptor, or a negative <see cref="Errno"/>.</returns>
    public static int Accept(int listener, out EndPoint? remote)
    {
        var address = stackalloc byte[NativeAddress.MaxLength];
        uint length = NativeAddress.MaxLength;
        var descriptor = Libc.Accept(listener, address, &length, Libc.SockNonBlock | Libc.SockCloexec);
        remote = null;
        if (descriptor < 0)
        {
            return -Errno.Last;
        }

        try
        {
            remote = NativeAddress.Read(new ReadOnlySpan<byte>(address, (int)Math.Min(length, NativeAddress.MaxLength)));
            return descriptor;
        }
        catch
        {
            Close(descriptor);
            throw;
        }
    }

    /// <summary>Closes the sending direction (FIN).</summary>
    public static void ShutdownSend(int descriptor) => _ = Libc.Shutdown(descriptor, Libc.ShutWrite);

    /// <summary>The local or the remote address; null if the socket has none any more.</summary>
    public static EndPoint? Name(int descriptor, bool local)
    {
        var address = stackalloc byte[NativeAddress.MaxLength];
        uint length = NativeAddress.MaxLength;
        var result = local ? Libc.GetLocalName(descriptor, address, &length) : Libc.GetPeerName(descriptor, address, &length);
        return result < 0 ? null : NativeAddress.Read(new ReadOnlySpan<byte>(address, (int)Math.Min(length, NativeAddress.MaxLength)));
    }

    /// <summary>The number of bytes that the peer has acknowledged since the start; 0 if it is not known.</summary>
    public static ulong Delivered(int descriptor)
    {
        const int Offset = TcpInfo.AcknowledgedOffset;
        var info = stackalloc byte[Offset + sizeof(ulong)];
        uint length = Offset + sizeof(ulong);
        return Libc.GetOption(descriptor, Libc.IpProtoTcp, Libc.TcpInfo, info, &length) < 0 || length < Offset + sizeof(ulong)
            ? 0
            : *(ulong*)(info + Offset);
    }

    /// <summary>Whether the connection has ended, by a reset or on both sides; false if it is not known, as of unix sockets.</summary>
    public static bool IsClosed(int descriptor)
    {
        var state = stackalloc byte[1];
        uint length = 1;
        return Libc.GetOption(descriptor, Libc.IpProtoTcp, Libc.TcpInfo, state, &length) >= 0 && *state == TcpInfo.StateClosed;
    }

    public static void Close(int descriptor) => _ = Libc.Close(descriptor);

    /// <summary>
    /// Sets whether the kernel sends RST instead of FIN when the descriptor is closed, which also happens when the process dies.
    /// </summary>
    public static void ResetOnClose(int descriptor, bool resets)
    {
        var linger = stackalloc int[] { resets ? 1 : 0, 0 };
        _ = Libc.SetOption(descriptor, Libc.SolSocket, Libc.SoLinger, linger, 2 * sizeof(int));
    }

    /// <exception cref="SocketException">The result is an error.</exception>
    public static int Require(int result) => result >= 0 ? result : throw Errno.LastException();

    private static int Ask(int descriptor, nuint request)
    {
        var value = 0;
        return Libc.IoControl(descriptor, request, &value) < 0 ? 0 : value;
    }
}
