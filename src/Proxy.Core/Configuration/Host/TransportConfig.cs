using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Host;

/// <summary>The socket transport.</summary>
public sealed record TransportConfig
{
    /// <summary>Which transport carries the bytes.</summary>
    public TransportKind Kind { get; init; }

    /// <summary>Event loops, one thread each; 0 means one per core. The portable transport has none.</summary>
    [Range(0, 1024)]
    public int Threads { get; init; }
}
