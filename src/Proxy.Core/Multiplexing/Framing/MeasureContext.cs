namespace Proxy.Multiplexing.Framing;

/// <summary>What a framer gets to see.</summary>
public readonly ref struct MeasureContext
{
    private MeasureContext(MessageDirection direction, ReadOnlySpan<byte> buffer, ReadOnlySpan<byte> request)
    {
        Direction = direction;
        Buffer = buffer;
        Request = request;
    }

    /// <summary>Which way the message goes.</summary>
    public MessageDirection Direction { get; }

    /// <summary>All bytes that came since the last message; the message starts at the first. There may be further messages behind it.</summary>
    public ReadOnlySpan<byte> Buffer { get; }

    /// <summary>For a reply, the request it answers, as it was sent to the destination; else empty.</summary>
    public ReadOnlySpan<byte> Request { get; }

    /// <summary>Whether more bytes may come.</summary>
    public InputState Input { get; init; }

    /// <summary>
    /// What <see cref="FrameMeasure.Examined"/> was when the same message was measured with fewer bytes, 0 at first: that part need not be
    /// searched again, so that a message that comes in many pieces costs no more than one in a single piece.
    /// </summary>
    public int Examined { get; init; }

    /// <summary>To measure what a client sent.</summary>
    /// <param name="buffer">The bytes.</param>
    /// <returns>The context.</returns>
    public static MeasureContext ForRequest(ReadOnlySpan<byte> buffer) => new(MessageDirection.Request, buffer, []);

    /// <summary>To measure what a destination sent.</summary>
    /// <param name="buffer">The bytes.</param>
    /// <param name="request">The request it answers, as it was sent.</param>
    /// <returns>The context.</returns>
    public static MeasureContext ForReply(ReadOnlySpan<byte> buffer, ReadOnlySpan<byte> request) =>
        new(MessageDirection.Reply, buffer, request);
}
