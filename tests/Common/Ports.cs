using System.Net;
using System.Net.Sockets;

namespace Proxy.Testing;

/// <summary>
/// Ports for programs that have to be told one, and for what has to refuse. Each is handed out once, and none is of the range from which Linux takes the
/// ports of outgoing connections and of listeners on port 0 (32768 and up unless configured): a port of that range that is free now is soon some
/// other test's, and a client that asks it again and again may be given it and connect to itself.
/// </summary>
internal static class Ports
{
    private const int First = 20_000;
    private const int Count = 12_000;
    private static int _last = Random.Shared.Next(Count); // test runs at the same time begin at different ones

    /// <summary>A port that nothing has bound, at no address of IPv4, and that nothing will but the caller.</summary>
    /// <exception cref="InvalidOperationException">All are taken.</exception>
    public static int Free()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _last) % Count);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Any, port));
                return port;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // The next one, then.
            }
        }

        throw new InvalidOperationException($"No port from {First} to {First + Count - 1} is free.");
    }

    /// <summary>Ports one after the other, each as <see cref="Free"/> gives them.</summary>
    /// <returns>The first of them.</returns>
    public static int FreeRange(int count)
    {
        var first = Free();
        for (var next = first + 1; next < first + count; next++)
        {
            // Another test may have taken one between, and the last port is followed by the first.
            if (Free() is var port && port != next)
            {
                first = next = port;
            }
        }

        return first;
    }
}
