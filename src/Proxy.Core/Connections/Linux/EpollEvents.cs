using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Proxy.Connections.Linux;

/// <summary>
/// <c>struct epoll_event</c>: 32 bits of events and 64 bits of data. It is packed to 12 bytes on x64 and padded to 16 elsewhere, which a
/// .NET attribute cannot express, so it is accessed by offset.
/// </summary>
internal static unsafe class EpollEvents
{
    public static int Size { get; } = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private static int DataOffset { get; } = Size - sizeof(ulong);

    public static uint Events(byte* @event) => Unsafe.ReadUnaligned<uint>(@event);

    public static ulong Data(byte* @event) => Unsafe.ReadUnaligned<ulong>(@event + DataOffset);

    public static void Write(byte* @event, uint events, ulong data)
    {
        Unsafe.WriteUnaligned(@event, events);
        Unsafe.WriteUnaligned(@event + DataOffset, data);
    }
}
