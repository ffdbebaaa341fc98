namespace Proxy.Multiplexing.Framing;

/// <summary>A framer whose messages have a checksum, so that a reply can be found among other bytes.</summary>
internal interface IChecksumFramer : IMessageFramer
{
    /// <summary>The shortest message in bytes.</summary>
    int MinBytes { get; }

    /// <summary>Whether a reply to a request may start with these bytes, of which there is at least one.</summary>
    bool MayStart(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> request);

    /// <summary>Measures the message that starts with the first byte; malformed if its checksum is wrong.</summary>
    FrameMeasure MeasureAt(in MeasureContext context);
}
