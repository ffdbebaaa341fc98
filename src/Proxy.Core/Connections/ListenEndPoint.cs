using System.Net;

namespace Proxy.Connections;

/// <summary>An address for the proxy's own transports. Kestrel chooses them by this type, too.</summary>
/// <param name="address">An IP or unix socket address.</param>
/// <param name="backlog">The number of connections that the kernel queues before they are accepted.</param>
/// <param name="dualStack">Whether one IPv6 socket accepts IPv4 as well; <paramref name="address"/> is IPv6Any then.</param>
public sealed class ListenEndPoint(EndPoint address, int backlog = ListenEndPoint.DefaultBacklog, bool dualStack = false) : EndPoint
{
    /// <summary>The backlog if none is configured.</summary>
    public const int DefaultBacklog = 4096;

    /// <summary>The address.</summary>
    public EndPoint Address => address;

    /// <summary>The number of connections that the kernel queues before they are accepted.</summary>
    public int Backlog => backlog;

    /// <summary>Whether one IPv6 socket accepts IPv4 as well.</summary>
    public bool DualStack => dualStack;

    /// <summary>
    /// Whether binding may share the port with other listeners (SO_REUSEPORT). Only for an address that overlaps another one of the proxy,
    /// since the port would be shared with other programs as well.
    /// </summary>
    public bool SharePort { get; init; }

    /// <summary>Whether connections have to reach their handler in the order in which they were accepted, for a queue.</summary>
    public bool InOrder { get; init; }

    /// <inheritdoc />
    public override string ToString() => Address.ToString() ?? "";
}
