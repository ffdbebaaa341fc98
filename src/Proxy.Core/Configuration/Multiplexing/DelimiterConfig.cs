using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Multiplexing;

/// <summary>Bytes that end a message and belong to it.</summary>
public sealed record DelimiterConfig
{
    /// <summary>The bytes: a text, as UTF-8, or "hex:" and two digits for each.</summary>
    public required string Bytes { get; init; }

    /// <summary>The longest message, with the delimiter.</summary>
    [Range(1, 67_108_864)]
    public int MaxBytes { get; init; } = 65_536;
}
