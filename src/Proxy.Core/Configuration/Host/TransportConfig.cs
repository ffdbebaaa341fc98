using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Host;

/// <summary>The transport of TCP connections.</summary>
public sealed record TransportConfig
{
    /// <summary>The kind of transport.</summary>
    public TransportKind Kind { get; init; }

    /// <summary>The number of event loops, one thread each; 0 means one per core. The portable transport has none.</summary>
    [Range(0, 1024)]
    public int Threads { get; init; }
}
