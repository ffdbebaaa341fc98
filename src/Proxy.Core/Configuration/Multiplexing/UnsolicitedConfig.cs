using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Proxy.Configuration.Multiplexing;

/// <summary>Recognizes messages that a destination begins by itself.</summary>
public sealed record UnsolicitedConfig
{
    /// <summary>The number of bytes before the compared ones.</summary>
    [Range(0, 65_535)]
    public required int Offset { get; init; }

    /// <summary>The bytes to compare with: a text, as UTF-8, or "hex:" and two digits for each byte.</summary>
    [JsonPropertyName("Equals")]
    public required string EqualTo { get; init; }
}
