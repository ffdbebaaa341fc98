using System.Net;
using System.Net.Sockets;
using Proxy.Native;

namespace Proxy.Connections;

/// <summary>
/// Listen sockets that were bound before the process began and outlive it (systemd's socket activation): an endpoint of the same
/// address listens on them instead of binding its own, so that clients that come between two runs wait and are not refused. Linux only.
/// </summary>
/// <param name="sockets">The sockets, which listen; disposed with this object.</param>
public sealed class InheritedSockets(IEnumerable<InheritedSocket> sockets) : IDisposable
{
    private readonly Lock _gate = new(); // guards _waiting and _taken
    private readonly List<InheritedSocket> _waiting = [.. sockets];
    private readonly List<InheritedSocket> _taken = [];

    /// <summary>Whether an endpoint listens on one of them, or did.</summary>
    /// <param name="endPoint">An address of it.</param>
    public bool IsTaken(EndPoint endPoint)
    {
        lock (_gate)
        {
            return _taken.Any(socket => Matches(socket, endPoint));
        }
    }

    /// <summary>
    /// A descriptor of the socket that listens on an address; null when none does. The socket itself is kept: an endpoint that an edit
    /// removes may come back.
    /// </summary>
    /// <param name="endPoint">An IP or unix socket address, or a <see cref="ListenEndPoint"/>.</param>
    /// <returns>A socket that is the caller's to dispose.</returns>
    public Socket? TryTake(EndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        lock (_gate)
        {
            if (_taken.Find(socket => Matches(socket, endPoint)) is { } again)
            {
                return Duplicate(again.Socket);
            }

            if (_waiting.Find(socket => Matches(socket, endPoint)) is not { } found)
            {
                return null;
            }

            _waiting.Remove(found);
            _taken.Add(found);
            return Duplicate(found.Socket);
        }
    }

    /// <summary>Closes those on which no endpoint listens.</summary>
    /// <returns>What they were.</returns>
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

        // [::] alone is another address than [::] with IPv4; Kestrel does not say which it wants.
        return address.Equals(inherited.EndPoint)
            && (
                wanted is not ListenEndPoint { Address: IPEndPoint { Address: var ip } } ours
                || !ip.Equals(IPAddress.IPv6Any)
                || ours.DualStack == inherited.Socket.DualMode
            );
    }

    private static Socket Duplicate(Socket socket)
    {
        const int DuplicateCloseOnExec = 1030;
        var descriptor = Libc.FileControl((int)socket.SafeHandle.DangerousGetHandle(), DuplicateCloseOnExec, 0);
        if (descriptor < 0)
        {
            throw Errno.LastException();
        }

        var duplicate = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
        SocketOptions.AcceptNewHandshakes(duplicate); // which it may have been told to ignore, before it came to this process even
        return duplicate;
    }
}
