using System.Net;
using System.Net.Sockets;
using Proxy.Native;

namespace Proxy.Connections;

/// <summary>
/// Listening sockets that were bound before the process started and stay open after it (systemd socket activation). An endpoint with the
/// same address uses them instead of binding its own, so that clients which connect between two runs wait and are not refused. Linux only.
/// </summary>
/// <param name="sockets">The listening sockets; disposed with this object.</param>
public sealed class InheritedSockets(IEnumerable<InheritedSocket> sockets) : IDisposable
{
    private readonly Lock _gate = new(); // guards _waiting and _taken
    private readonly List<InheritedSocket> _waiting = [.. sockets];
    private readonly List<InheritedSocket> _taken = [];

    /// <summary>Whether an endpoint listens on one of the sockets, or has before.</summary>
    /// <param name="endPoint">An address of the socket.</param>
    public bool IsTaken(EndPoint endPoint)
    {
        lock (_gate)
        {
            return _taken.Any(socket => Matches(socket, endPoint));
        }
    }

    /// <summary>
    /// Duplicates the socket that listens on an address; null if there is none. The original is kept, since an endpoint that an edit
    /// removes may come back.
    /// </summary>
    /// <param name="endPoint">An IP or unix socket address, or a <see cref="ListenEndPoint"/>.</param>
    /// <returns>A socket that the caller has to dispose.</returns>
    public Socket? TryTake(EndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        lock (_gate)
        {
            if (_taken.Find(socket => Matches(socket, endPoint)) is { } again)
            {
                return Duplicate(again.Socket, endPoint);
            }

            if (_waiting.Find(socket => Matches(socket, endPoint)) is not { } found)
            {
                return null;
            }

            _waiting.Remove(found);
            _taken.Add(found);
            return Duplicate(found.Socket, endPoint);
        }
    }

    /// <summary>Closes the sockets on which no endpoint listens.</summary>
    /// <returns>The closed sockets.</returns>
    public IReadOnlyList<InheritedSocket> CloseUnused()
    {
        lock (_gate)
        {
            List<InheritedSocket> unused = [.. _waiting];
            _waiting.Clear();
            unused.ForEach(static socket => socket.Socket.Dispose());
            return unused;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_gate)
        {
            _taken.Concat(_waiting).ToList().ForEach(static socket => socket.Socket.Dispose());
            _taken.Clear();
            _waiting.Clear();
        }
    }

    private static bool Matches(InheritedSocket inherited, EndPoint wanted)
    {
        var address = wanted is ListenEndPoint listen ? listen.Address : wanted;
        if (address is UnixDomainSocketEndPoint || inherited.EndPoint is UnixDomainSocketEndPoint)
        {
            return address.AddressFamily == inherited.EndPoint.AddressFamily && address.ToString() == inherited.EndPoint.ToString();
        }

        // [::] for IPv6 only and [::] with IPv4 are different addresses; Kestrel does not tell which one it wants.
        return address.Equals(inherited.EndPoint)
            && (
                wanted is not ListenEndPoint { Address: IPEndPoint { Address: var ip } } ours
                || !ip.Equals(IPAddress.IPv6Any)
                || ours.DualStack == inherited.Socket.DualMode
            );
    }

    private static Socket Duplicate(Socket socket, EndPoint wanted)
    {
        var descriptor = Libc.FileControl((int)socket.SafeHandle.DangerousGetHandle(), Libc.DuplicateCloseOnExec, 0);
        if (descriptor < 0)
        {
            throw Errno.LastException();
        }

        var duplicate = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
        SocketOptions.AcceptNewHandshakes(duplicate); // an earlier process may have set the filter that ignores them
        if (wanted is not ListenEndPoint)
        {
            SocketOptions.AcceptWithoutReset(duplicate);
        }

        return duplicate;
    }
}
