using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Proxy.Native;

/// <summary>The kernel's error numbers, and the corresponding errors of .NET.</summary>
internal static class Errno
{
    public const int Interrupted = 4;
    public const int Again = 11;
    public const int NotSupported = 95;
    public const int Invalid = 22;
    public const int NoSyscall = 38;
    public const int NotPermitted = 1;
    public const int Aborted = 103;
    public const int Connected = 106;
    public const int Already = 114;
    public const int InProgress = 115;

    /// <summary>The error number of this thread's last failed call; any other call may change it.</summary>
    public static int Last => Marshal.GetLastSystemError();

    /// <summary>The exception that .NET's sockets throw for an error number.</summary>
    public static SocketException Exception(int errno) => new((int)ToSocketError(errno));

    /// <summary>The exception for this thread's last failed call.</summary>
    public static SocketException LastException() => Exception(Last);

    private static SocketError ToSocketError(int errno) =>
        errno switch
        {
            1 or 13 => SocketError.AccessDenied, // EPERM, EACCES
            2 => SocketError.AddressNotAvailable, // ENOENT: a unix socket's path
            4 => SocketError.Interrupted,
            9 or 88 => SocketError.NotSocket, // EBADF, ENOTSOCK
            11 => SocketError.WouldBlock,
            12 or 105 => SocketError.NoBufferSpaceAvailable, // ENOMEM, ENOBUFS
            22 => SocketError.InvalidArgument,
            23 or 24 => SocketError.TooManyOpenSockets, // ENFILE, EMFILE
            32 => SocketError.Shutdown, // EPIPE
            95 => SocketError.OperationNotSupported,
            97 => SocketError.AddressFamilyNotSupported,
            98 => SocketError.AddressAlreadyInUse,
            99 => SocketError.AddressNotAvailable,
            100 => SocketError.NetworkDown,
            101 => SocketError.NetworkUnreachable,
            102 => SocketError.NetworkReset,
            103 or 71 => SocketError.ConnectionAborted, // ECONNABORTED; accept reports EPROTO for the same reason
            104 => SocketError.ConnectionReset,
            106 => SocketError.IsConnected,
            107 => SocketError.NotConnected,
            110 => SocketError.TimedOut,
            111 => SocketError.ConnectionRefused,
            112 or 64 => SocketError.HostDown, // EHOSTDOWN, ENONET
            113 => SocketError.HostUnreachable,
            115 => SocketError.InProgress,
            _ => SocketError.SocketError,
        };
}
