using System.Net.Sockets;

namespace Proxy.Native;

/// <summary>
/// Ends connections at once. Closing a descriptor tells the peer only with the last copy of it, and a child process that is just being started holds copies
/// of all until it runs its program: meanwhile the peer would not know, and what counts connections, such as a lock, would be wrong. With TCP the peer gets
/// RST. A unix socket has none: its peer reads an end, and fails to write.
/// </summary>
internal static unsafe class SocketReset
{
    private const int AddressLength = 16;

    /// <summary>Ends the connection of a socket; the descriptor still has to be closed. Nothing happens if there is none.</summary>
    /// <param name="descriptor">
    /// The descriptor of a socket on Linux. Nothing may read from a unix socket any more: it would take this for an end that the peer has sent.
    /// </param>
    /// <param name="isUnix">Whether it is a unix socket rather than one of TCP.</param>
    public static void Send(int descriptor, bool isUnix)
    {
        if (isUnix)
        {
            _ = Libc.Shutdown(descriptor, Libc.ShutBoth);
            return;
        }

        // A connect to no address (AF_UNSPEC) dissolves the association: connect(2).
        var none = stackalloc byte[AddressLength];
        new Span<byte>(none, AddressLength).Clear();
        _ = Libc.Connect(descriptor, none, AddressLength);
    }

    /// <summary>Ends the connection of a socket and closes it; on other systems, or of a unix socket without a descriptor to spare, closing has to do.</summary>
    /// <param name="socket">A socket that may be in use, or closed; one of TCP lingers for no time.</param>
    public static void Close(Socket socket)
    {
        var copy = OperatingSystem.IsLinux() ? Begin(socket) : -1;
        socket.Close(0);
        if (copy >= 0)
        {
            Send(copy, isUnix: true);
            _ = Libc.Close(copy);
        }
    }

    // Sends RST. Of a unix socket, returns a copy: what still reads from the socket has to fail by its closing before the copy ends the connection.
    private static int Begin(Socket socket)
    {
        var isKept = false;
        try
        {
            socket.SafeHandle.DangerousAddRef(ref isKept);
            var descriptor = (int)socket.SafeHandle.DangerousGetHandle();
            if (socket.AddressFamily == AddressFamily.Unix)
            {
                return Libc.FileControl(descriptor, Libc.DuplicateCloseOnExec, 0);
            }

            Send(descriptor, isUnix: false);
        }
        catch (ObjectDisposedException)
        {
            // It has ended already.
        }
        finally
        {
            if (isKept)
            {
                socket.SafeHandle.DangerousRelease();
            }
        }

        return -1;
    }
}
