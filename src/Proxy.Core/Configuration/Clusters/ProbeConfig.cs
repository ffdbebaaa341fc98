using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Clusters;

/// <summary>What active checks of TCP destinations do after they have connected. Their time limit is HealthCheck:Active:Timeout.</summary>
public sealed record ProbeConfig
{
    /// <summary>The largest number of bytes that is read.</summary>
    internal const int MaxBytes = 16 * 1024;

    /// <summary>What is sent: a text, or bytes such as hex:0D0A; absent for servers that speak first.</summary>
    public string? Send { get; init; }

    /// <summary>What the answer has to contain: a text, or bytes such as hex:0D0A; absent means anything.</summary>
    public string? Expect { get; init; }

    /// <summary>The least number of bytes that have to be answered.</summary>
    [Range(0, MaxBytes)]
    public int MinimumBytes { get; init; }
}
