using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Proxy.Connections;

/// <summary>Socket options that .NET does not provide.</summary>
internal static class SocketOptions
{
    private const int LinuxSolSocket = 1;
    private const int LinuxReusePort = 15;
    private const int LinuxAttachFilter = 26;
    private const int LinuxDetachFilter = 27;
    private const int LinuxBindAddressNoPort = 24;

    // Classic BPF over the TCP header: drops segments with SYN and without ACK, passes all others unchanged.
    private static readonly ulong[] _passAllButFirstSyn =
    [
        Instruction(0x30, 13), // ldb [13], the flags
        Instruction(0x54, 0x12), // and SYN | ACK
        Instruction(0x15, 0x02, jumpIfNot: 1), // jeq SYN, else skip one
        Instruction(0x06, 0), // ret 0
        Instruction(0x06, 0x40000), // ret all
    ];

    /// <summary>Sets SO_REUSEPORT on Linux; does nothing elsewhere.</summary>
    public static void SetReusePort(Socket socket, bool on)
    {
        if (OperatingSystem.IsLinux() && socket.AddressFamily != AddressFamily.Unix)
        {
            Span<byte> value = stackalloc byte[sizeof(int)];
            _ = BitConverter.TryWriteBytes(value, on ? 1 : 0);
            socket.SetRawSocketOption(LinuxSolSocket, LinuxReusePort, value);
        }
    }

    /// <summary>
    /// Binds only the source address and leaves the port to connect, which can share it between destinations (IP_BIND_ADDRESS_NO_PORT).
    /// Linux only.
    /// </summary>
    public static void ChoosePortLate(Socket socket)
    {
        if (OperatingSystem.IsLinux() && socket.AddressFamily == AddressFamily.InterNetwork)
        {
            Span<byte> value = stackalloc byte[sizeof(int)];
            _ = BitConverter.TryWriteBytes(value, 1);
            socket.SetRawSocketOption((int)SocketOptionLevel.IP, LinuxBindAddressNoPort, value);
        }
    }

    /// <summary>
    /// Makes a listening socket ignore new handshakes while it completes those that have begun. The SYN of a client is lost then; the
    /// client repeats it after a second, when another socket of the port accepts it. Linux only; elsewhere nothing happens.
    /// </summary>
    public static void IgnoreNewHandshakes(Socket listener)
    {
        if (!OperatingSystem.IsLinux() || listener.AddressFamily == AddressFamily.Unix)
        {
            return;
        }

        var filter = GCHandle.Alloc(_passAllButFirstSyn, GCHandleType.Pinned);
        try
        {
            // struct sock_fprog { unsigned short len; struct sock_filter *filter; }
            Span<byte> program = stackalloc byte[2 * IntPtr.Size];
            program.Clear();
            _ = BitConverter.TryWriteBytes(program, (ushort)_passAllButFirstSyn.Length);
            _ = BitConverter.TryWriteBytes(program[IntPtr.Size..], filter.AddrOfPinnedObject());
            listener.SetRawSocketOption(LinuxSolSocket, LinuxAttachFilter, program);
        }
        catch (SocketException)
        {
            // Not permitted on this system, so connections that arrive while the socket is closed are reset.
        }
        finally
        {
            filter.Free();
        }
    }

    /// <summary>Reverses <see cref="IgnoreNewHandshakes"/> of this process or an earlier one.</summary>
    public static void AcceptNewHandshakes(Socket listener)
    {
        try
        {
            Span<byte> ignored = stackalloc byte[sizeof(int)];
            ignored.Clear();
            listener.SetRawSocketOption(LinuxSolSocket, LinuxDetachFilter, ignored);
        }
        catch (SocketException)
        {
            // No filter was set.
        }
    }

    /// <summary>
    /// Lets the connections of an inherited socket end as usual. An earlier process may have accepted them by its event loops, for which the socket carries the
    /// option that close resets a connection, and accepted sockets inherit it.
    /// </summary>
    public static void AcceptWithoutReset(Socket listener)
    {
        if (listener.AddressFamily != AddressFamily.Unix)
        {
            listener.LingerState = new LingerOption(enable: false, seconds: 0);
        }
    }

    // struct sock_filter { u16 code; u8 jt; u8 jf; u32 k; }
    private static ulong Instruction(ushort code, uint operand, byte jumpIfNot = 0) =>
        BitConverter.IsLittleEndian
            ? code | ((ulong)jumpIfNot << 24) | ((ulong)operand << 32)
            : ((ulong)code << 48) | ((ulong)jumpIfNot << 32) | operand;
}
