using Proxy.Connections;

namespace Proxy.Transports;

/// <summary>The event loops that carry connections, as operators see them.</summary>
public sealed class EventLoops
{
    private readonly Transport _transport;

    internal EventLoops(Transport transport) => _transport = transport;

    /// <summary>How they are.</summary>
    /// <returns>One entry each; none before the first connection, nor where .NET's sockets carry connections.</returns>
    public IReadOnlyList<EventLoopStatus> List() => _transport.DescribeLoops();
}
