namespace Proxy.Configuration.Multiplexing;

/// <summary>The framing of a protocol that has no name here; exactly one of the keys, and Checksum beside it.</summary>
public sealed record FramingConfig
{
    /// <summary>Messages that contain their length.</summary>
    public LengthFieldConfig? LengthField { get; init; }

    /// <summary>Messages that end with fixed bytes.</summary>
    public DelimiterConfig? Delimiter { get; init; }

    /// <summary>Messages of a fixed length.</summary>
    public FixedLengthConfig? FixedLength { get; init; }

    /// <summary>Messages that end when no byte has come for a while; only if nothing else marks their end.</summary>
    public IdleGapConfig? IdleGap { get; init; }

    /// <summary>The checksum that messages have: replies are found by it among other bytes, and wrong ones are refused.</summary>
    public ChecksumConfig? Checksum { get; init; }
}
