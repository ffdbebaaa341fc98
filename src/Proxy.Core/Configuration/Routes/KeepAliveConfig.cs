using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Routes;

/// <summary>TCP keep-alive probes.</summary>
public sealed record KeepAliveConfig
{
    /// <summary>The time without traffic before the first probe.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The time between probes.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The number of unanswered probes after which the connection ends.</summary>
    [Range(1, 127)]
    public int Probes { get; init; } = 3;
}
