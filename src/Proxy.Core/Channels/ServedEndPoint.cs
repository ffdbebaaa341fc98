using System.Net;
using Proxy.Channels.Tunnel;

namespace Proxy.Channels;

/// <summary>
/// The target that <see cref="ServerDialer"/> connects a tunnel to: the local server of its connector. The tunnel counts as open until this
/// is disposed.
/// </summary>
/// <param name="tunnel">The tunnel, which has been admitted.</param>
/// <param name="server">The server's address.</param>
internal sealed class ServedEndPoint(IServedTunnel tunnel, EndPoint server) : HoldingEndPoint
{
    /// <summary>The tunnel, which has been admitted.</summary>
    public IServedTunnel Tunnel => tunnel;

    /// <summary>The name of the channel that serves it.</summary>
    public string Channel { get; init; } = "";

    /// <summary>The server's address.</summary>
    public EndPoint Server => server;

    /// <inheritdoc />
    public override string ToString() => $"{server}";
}
