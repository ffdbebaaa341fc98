using System.Net;
using System.Net.Sockets;

namespace Proxy.Connections;

/// <summary>An address to dial from a given local address.</summary>
/// <param name="address">The address to connect to.</param>
/// <param name="source">The local address; the system chooses the port.</param>
internal sealed class SourcedEndPoint(IPEndPoint address, IPAddress source) : EndPoint
{
    /// <summary>The address to connect to.</summary>
    public IPEndPoint Address => address;

    /// <summary>The local address.</summary>
    public IPAddress Source => source;

    /// <inheritdoc />
    public override AddressFamily AddressFamily => Address.AddressFamily;

    /// <inheritdoc />
    public override SocketAddress Serialize() => Address.Serialize();

    /// <inheritdoc />
    public override string ToString() => $"{Address} from {Source}";
}
