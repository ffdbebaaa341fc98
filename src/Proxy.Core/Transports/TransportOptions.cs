using Proxy.Connections;

namespace Proxy.Transports;

/// <summary>How connections are carried.</summary>
public sealed record TransportOptions
{
    /// <summary>Whether event loops of our own carry connections where there are any, on Linux; otherwise .NET's sockets do.</summary>
    public bool UseEventLoops { get; init; } = true;

    /// <summary>Event loops, one thread each; 0 for one per core. Of no meaning to the portable transport.</summary>
    public int Threads { get; init; }

    /// <summary>Listen sockets that are used instead of binding; null when none were passed on.</summary>
    public InheritedSockets? Inherited { get; init; }
}
