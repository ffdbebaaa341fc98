using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Multiplexing;

/// <summary>A time without bytes that ends a message.</summary>
public sealed record IdleGapConfig
{
    /// <summary>The time without a byte.</summary>
    public TimeSpan After { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest message in bytes.</summary>
    [Range(1, 67_108_864)]
    public int MaxBytes { get; init; } = 65_536;
}
