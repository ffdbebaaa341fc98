using System.Net;

namespace Proxy.Connections;

/// <summary>An address that our transports listen on. The type is the marker by which Kestrel chooses our transport, too.</summary>
/// <param name="address">An IP or unix socket address.</param>
/// <param name="backlog">Connections the kernel may hold before they are accepted.</param>
/// <param name="dualStack">One IPv6 socket that takes IPv4 as well; <paramref name="address"/> is IPv6Any then.</param>
public sealed class ListenEndPoint(EndPoint address, int backlog = ListenEndPoint.DefaultBacklog, bool dualStack = false) : EndPoint
{
    /// <summary>The backlog unless configured.</summary>
    public const int DefaultBacklog = 4096;

    /// <summary>The address.</summary>
    public EndPoint Address => address;

    /// <summary>Connections the kernel may hold before they are accepted.</summary>
    public int Backlog => backlog;

    /// <summary>Whether one IPv6 socket takes IPv4 as well.</summary>
    public bool DualStack => dualStack;

    /// <summary>
    /// Whether the bind may join listeners that share their port. For a bind beside a listener of our own alone: it would join a
    /// stranger's as well.
    /// </summary>
    public bool SharePort { get; init; }

    /// <summary>Whether connections have to reach their handler in the order in which they were accepted: a queue stands behind it.</summary>
    public bool InOrder { get; init; }

    /// <inheritdoc />
    public override string ToString() => Address.ToString() ?? "";
}
