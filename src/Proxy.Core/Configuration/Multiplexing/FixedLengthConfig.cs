using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Multiplexing;

/// <summary>A fixed length of all messages.</summary>
public sealed record FixedLengthConfig
{
    /// <summary>The length of a message in bytes.</summary>
    [Range(1, 67_108_864)]
    public required int Bytes { get; init; }
}
