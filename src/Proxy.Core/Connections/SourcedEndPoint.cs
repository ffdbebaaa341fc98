using System.Net;
using System.Net.Sockets;

namespace Proxy.Connections;

/// <summary>An address to dial from a certain address of this machine.</summary>
/// <param name="address">Where to connect to.</param>
/// <param name="source">Where from; the system chooses the port.</param>
internal sealed class SourcedEndPoint(IPEndPoint address, IPAddress source) : EndPoint
{
    /// <summary>Where to connect to.</summary>
    public IPEndPoint Address => address;

    /// <summary>Where from.</summary>
    public IPAddress Source => source;

    /// <inheritdoc />
    public override AddressFamily AddressFamily => Address.AddressFamily;

    /// <inheritdoc />
    public override SocketAddress Serialize() => Address.Serialize();

    /// <inheritdoc />
    public override string ToString() => $"{Address} from {Source}";
}
