using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Proxy.Configuration.Multiplexing;

/// <summary>
/// Recognizes requests that get no reply: those for which all conditions hold. Bytes are written as a text, which is taken as UTF-8, or as "hex:"
/// and two digits for each byte.
/// </summary>
public sealed record NoReplyWhenConfig
{
    /// <summary>The number of bytes before those that Equals compares.</summary>
    [Range(0, 65_535)]
    public int? Offset { get; init; }

    /// <summary>The request has these bytes at Offset.</summary>
    [JsonPropertyName("Equals")]
    public string? EqualTo { get; init; }

    /// <summary>The request begins with these bytes.</summary>
    public string? StartsWith { get; init; }

    /// <summary>The request has these bytes anywhere.</summary>
    public string? Contains { get; init; }

    /// <summary>The request has these bytes nowhere.</summary>
    public string? NotContains { get; init; }
}
