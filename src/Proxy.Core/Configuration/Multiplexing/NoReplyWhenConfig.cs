using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Proxy.Configuration.Multiplexing;

/// <summary>Which requests get no reply.</summary>
public sealed record NoReplyWhenConfig
{
    /// <summary>Bytes before those that tell.</summary>
    [Range(0, 65_535)]
    public required int Offset { get; init; }

    /// <summary>What stands there: a text, as UTF-8, or "hex:" and two digits for each byte.</summary>
    [JsonPropertyName("Equals")]
    public required string EqualTo { get; init; }
}
