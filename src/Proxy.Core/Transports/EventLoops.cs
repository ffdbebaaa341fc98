using Proxy.Connections;

namespace Proxy.Transports;

/// <summary>The event loops that carry connections, for operators.</summary>
public sealed class EventLoops
{
    private readonly Transport _transport;

    internal EventLoops(Transport transport) => _transport = transport;

    /// <summary>The status of each loop.</summary>
    /// <returns>One entry per loop; empty before the first connection, and if .NET's sockets carry connections.</returns>
    public IReadOnlyList<EventLoopStatus> List() => _transport.DescribeLoops();
}
