using System.Runtime.InteropServices;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace Proxy.Native;

/// <summary>
/// The system calls of the transport, unchanged: a negative result is a failure, with the error number in <see cref="Errno.Last"/>, which the
/// caller has to read at once; noting it after every call, as <c>SetLastError</c> does, costs as much as the rest of the transition. Constants are those that x64 and arm64 share.
/// </summary>
internal static unsafe partial class Libc
{
    public const int EpollCloexec = 0x80000;
    public const int EpollAdd = 1;
    public const int EpollDelete = 2;
    public const uint EpollIn = 0x001;
    public const uint EpollPriority = 0x002;
    public const uint EpollOut = 0x004;
    public const uint EpollErr = 0x008;
    public const uint EpollHup = 0x010;
    public const uint EpollRdHup = 0x2000;
    public const uint EpollExclusive = 1u << 28;
    public const uint EpollEdge = 1u << 31;

    public const int AfUnix = 1;
    public const int AfInet = 2;
    public const int AfInet6 = 10;
    public const int SockStream = 1;
    public const int SockNonBlock = 0x800;
    public const int SockCloexec = 0x80000;
    public const int SolSocket = 1;
    public const int SoError = 4;
    public const int SoKeepAlive = 9;
    public const int SoLinger = 13;
    public const int IpProtoTcp = 6;
    public const int TcpNoDelay = 1;
    public const int TcpKeepIdle = 4;
    public const int TcpKeepInterval = 5;
    public const int TcpKeepCount = 6;
    public const int TcpInfo = 11;
    public const int MsgMore = 0x8000;
    public const int MsgPeek = 0x2;
    public const int MsgNoSignal = 0x4000;
    public const int ShutWrite = 1;
    public const int ShutBoth = 2;

    public const int OpenNonBlock = 0x800;
    public const int OpenCloexec = 0x80000;
    public const int SpliceMove = 1;
    public const int SpliceNonBlock = 2;
    public const int DuplicateCloseOnExec = 1030;
    public const int SetPipeSize = 1031;
    public const nuint SocketBytesToRead = 0x541B; // FIONREAD
    public const nuint SocketBytesToSend = 0x5411; // SIOCOUTQ

    public const int ClockMonotonic = 1;
    public const int ClockBootTime = 7;

    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "epoll_create1")]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl")]
    public static partial int EpollControl(int epoll, int operation, int descriptor, byte* @event);

    [LibraryImport(Library, EntryPoint = "epoll_wait")]
    public static partial int EpollWait(int epoll, byte* events, int count, int milliseconds);

    [LibraryImport(Library, EntryPoint = "eventfd")]
    public static partial int EventFd(uint initial, int flags);

    [LibraryImport(Library, EntryPoint = "timerfd_create")]
    public static partial int TimerCreate(int clock, int flags);

    /// <param name="timer">The descriptor of the timer.</param>
    /// <param name="flags">0 for a relative time.</param>
    /// <param name="time">Seconds and nanoseconds of the period, then those until the first expiry.</param>
    /// <param name="old">Receives the earlier setting; may be null.</param>
    [LibraryImport(Library, EntryPoint = "timerfd_settime")]
    public static partial int TimerSet(int timer, int flags, long* time, long* old);

    [LibraryImport(Library, EntryPoint = "socket")]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "connect")]
    public static partial int Connect(int descriptor, byte* address, uint length);

    [LibraryImport(Library, EntryPoint = "bind")]
    public static partial int Bind(int descriptor, byte* address, uint length);

    [LibraryImport(Library, EntryPoint = "accept4")]
    public static partial int Accept(int listener, byte* address, uint* length, int flags);

    [LibraryImport(Library, EntryPoint = "recv")]
    public static partial nint Receive(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "send")]
    public static partial nint Send(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "splice")]
    public static partial nint Splice(int from, nint fromOffset, int to, nint toOffset, nuint length, uint flags);

    [LibraryImport(Library, EntryPoint = "pipe2")]
    public static partial int Pipe(int* descriptors, int flags);

    [LibraryImport(Library, EntryPoint = "fcntl")]
    public static partial int FileControl(int descriptor, int command, nint argument);

    [LibraryImport(Library, EntryPoint = "ioctl")]
    public static partial int IoControl(int descriptor, nuint request, int* value);

    [LibraryImport(Library, EntryPoint = "shutdown")]
    public static partial int Shutdown(int descriptor, int how);

    [LibraryImport(Library, EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport(Library, EntryPoint = "read")]
    public static partial nint Read(int descriptor, byte* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "write")]
    public static partial nint Write(int descriptor, byte* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "getsockopt")]
    public static partial int GetOption(int descriptor, int level, int name, void* value, uint* length);

    [LibraryImport(Library, EntryPoint = "setsockopt")]
    public static partial int SetOption(int descriptor, int level, int name, void* value, uint length);

    [LibraryImport(Library, EntryPoint = "getsockname")]
    public static partial int GetLocalName(int descriptor, byte* address, uint* length);

    [LibraryImport(Library, EntryPoint = "statx")]
    public static partial int Statx(int folder, byte* path, int flags, uint mask, byte* status);

    /// <param name="clock">The clock.</param>
    /// <param name="time">Receives seconds and nanoseconds.</param>
    [LibraryImport(Library, EntryPoint = "clock_gettime")]
    public static partial int GetTime(int clock, long* time);

    [LibraryImport(Library, EntryPoint = "getpeername")]
    public static partial int GetPeerName(int descriptor, byte* address, uint* length);
}
