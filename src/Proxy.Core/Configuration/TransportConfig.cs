namespace Proxy.Configuration;

/// <summary>The socket transport.</summary>
public sealed record TransportConfig
{
    /// <summary>Which transport carries the bytes.</summary>
    public TransportKind Kind { get; init; }

    /// <summary>Event loop threads; 0 means one per core, and nothing else is available yet.</summary>
    [OnlyAvailable("0")]
    public int Threads { get; init; }
}
