using System.Buffers.Binary;
using System.Net.Sockets;

namespace Proxy.Native;

/// <summary>The state of a socket by Linux's TCP_INFO. On other systems, and for unix sockets, nothing is known.</summary>
internal static class TcpInfo
{
    private const int ProtocolTcp = 6;
    private const int OptionTcpInfo = 11;
    private const int StateCloseWait = 8;
    private const int UnackedOffset = 24;

    /// <summary>The value of <c>tcpi_state</c>, its first byte, after a reset or once both sides have ended.</summary>
    public const int StateClosed = 7;

    /// <summary>The offset of <c>tcpi_bytes_acked</c>, available since Linux 4.1.</summary>
    public const int AcknowledgedOffset = 120;

    private const int NotSentOffset = 144;
    private const int Length = 148;

    /// <summary>Whether the connection has ended, by a reset or on both sides.</summary>
    public static bool IsClosed(Socket socket) => State(socket) == StateClosed;

    /// <summary>Whether the peer has sent FIN, and this side has not.</summary>
    public static bool HasPeerFinished(Socket socket) => State(socket) == StateCloseWait;

    /// <summary>Whether the peer has acknowledged all bytes that were sent; true if it is not known.</summary>
    public static bool IsSendQueueEmpty(Socket socket)
    {
        Span<byte> info = stackalloc byte[Length];
        if (!TryRead(socket, info, out var length) || length < UnackedOffset + sizeof(uint))
        {
            return true;
        }

        var notSent = length >= Length ? BinaryPrimitives.ReadUInt32LittleEndian(info[NotSentOffset..]) : 0;
        return notSent == 0 && BinaryPrimitives.ReadUInt32LittleEndian(info[UnackedOffset..]) == 0;
    }

    /// <summary>The number of bytes that the peer has acknowledged since the start; 0 if it is not known.</summary>
    public static ulong Delivered(Socket socket)
    {
        Span<byte> info = stackalloc byte[Length];
        return TryRead(socket, info, out var length) && length >= AcknowledgedOffset + sizeof(ulong)
            ? BitConverter.ToUInt64(info[AcknowledgedOffset..])
            : 0;
    }

    private static byte? State(Socket socket)
    {
        Span<byte> info = stackalloc byte[Length];
        return TryRead(socket, info, out var length) && length > 0 ? info[0] : null;
    }

    private static bool TryRead(Socket socket, Span<byte> info, out int length)
    {
        length = 0;
        if (!OperatingSystem.IsLinux() || socket.AddressFamily == AddressFamily.Unix)
        {
            return false;
        }

        try
        {
            length = socket.GetRawSocketOption(ProtocolTcp, OptionTcpInfo, info);
            return true;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
