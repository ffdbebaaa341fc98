namespace Proxy.Configuration.Multiplexing;

/// <summary>Where messages of a protocol end that no framer knows by name; exactly one of the keys.</summary>
public sealed record FramingConfig
{
    /// <summary>Messages that say how long they are.</summary>
    public LengthFieldConfig? LengthField { get; init; }

    /// <summary>Messages ended by certain bytes.</summary>
    public DelimiterConfig? Delimiter { get; init; }

    /// <summary>Messages of one length.</summary>
    public FixedLengthConfig? FixedLength { get; init; }

    /// <summary>Messages that end when nothing has come for a while; the last resort.</summary>
    public IdleGapConfig? IdleGap { get; init; }
}
