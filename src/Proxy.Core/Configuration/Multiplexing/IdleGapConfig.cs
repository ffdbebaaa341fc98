using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Multiplexing;

/// <summary>Silence that ends a message.</summary>
public sealed record IdleGapConfig
{
    /// <summary>How long nothing has come.</summary>
    public TimeSpan After { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest message.</summary>
    [Range(1, 67_108_864)]
    public int MaxBytes { get; init; } = 65_536;
}
