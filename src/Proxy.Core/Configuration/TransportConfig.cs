using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration;

/// <summary>The transport of TCP connections.</summary>
public sealed record TransportConfig
{
    /// <summary>Which one.</summary>
    public TransportKind Kind { get; init; }

    /// <summary>Event loops; 0 for one per core.</summary>
    [Range(0, 0)]
    public int Threads { get; init; }
}
