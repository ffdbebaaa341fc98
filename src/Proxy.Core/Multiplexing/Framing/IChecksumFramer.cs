namespace Proxy.Multiplexing.Framing;

/// <summary>A framer whose messages have a checksum, so that a reply can be found among other bytes.</summary>
internal interface IChecksumFramer : IMessageFramer
{
    /// <summary>The shortest message in bytes.</summary>
    int MinBytes { get; }

    /// <summary>
    /// Whether the checksum hardly ever fits by chance. If not, no bytes are skipped but those of a line without a signal, 0 and 0xFF: the end of a reply
    /// whose checksum is wrong would often pass for one.
    /// </summary>
    bool IsStrong => true;

    /// <summary>
    /// Whether a start is told by its first bytes. If not, nearly any byte may be one, and those within a frame whose checksum is wrong mean nothing.
    /// </summary>
    bool HasStarts => true;

    /// <summary>Whether a reply to a request may start with these bytes, of which there is at least one.</summary>
    bool MayStart(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> request);

    /// <summary>Measures the message that starts with the first byte; malformed if its checksum is wrong.</summary>
    FrameMeasure MeasureAt(in MeasureContext context);
}
