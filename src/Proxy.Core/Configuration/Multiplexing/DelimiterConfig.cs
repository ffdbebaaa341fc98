using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Multiplexing;

/// <summary>The bytes with which a message ends; they are a part of it.</summary>
public sealed record DelimiterConfig
{
    /// <summary>The bytes: a text, as UTF-8, or "hex:" and two digits for each.</summary>
    public required string Bytes { get; init; }

    /// <summary>The longest message in bytes, with the delimiter.</summary>
    [Range(1, 67_108_864)]
    public int MaxBytes { get; init; } = 65_536;
}
