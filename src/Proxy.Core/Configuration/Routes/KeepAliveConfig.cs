using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Routes;

/// <summary>TCP keep-alive probes.</summary>
public sealed record KeepAliveConfig
{
    /// <summary>Silence before the first probe.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time between probes.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Unanswered probes that end the connection.</summary>
    [Range(1, 127)]
    public int Probes { get; init; } = 3;
}
