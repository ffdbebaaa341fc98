using System.ComponentModel.DataAnnotations;

namespace Proxy.Configuration.Multiplexing;

/// <summary>One length for all messages.</summary>
public sealed record FixedLengthConfig
{
    /// <summary>Bytes of each message.</summary>
    [Range(1, 67_108_864)]
    public required int Bytes { get; init; }
}
