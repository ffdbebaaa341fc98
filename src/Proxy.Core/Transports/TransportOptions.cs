using Proxy.Connections;

namespace Proxy.Transports;

/// <summary>Options of the transport.</summary>
public sealed record TransportOptions
{
    /// <summary>Whether the proxy's event loops carry connections, which exist on Linux; otherwise .NET's sockets do.</summary>
    public bool UseEventLoops { get; init; } = true;

    /// <summary>The number of event loops, one thread each; 0 for one per core. Ignored by the portable transport.</summary>
    public int Threads { get; init; }

    /// <summary>Listening sockets to use instead of binding; null if none were passed on.</summary>
    public InheritedSockets? Inherited { get; init; }
}
