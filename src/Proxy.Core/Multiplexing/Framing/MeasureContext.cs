namespace Proxy.Multiplexing.Framing;

/// <summary>The arguments of <see cref="IMessageFramer.Measure"/>.</summary>
public readonly ref struct MeasureContext
{
    private MeasureContext(MessageDirection direction, ReadOnlySpan<byte> buffer, ReadOnlySpan<byte> request)
    {
        Direction = direction;
        Buffer = buffer;
        Request = request;
    }

    /// <summary>The direction of the message.</summary>
    public MessageDirection Direction { get; }

    /// <summary>All bytes since the last message. The message starts at the first byte; more messages may follow it.</summary>
    public ReadOnlySpan<byte> Buffer { get; }

    /// <summary>For a reply, the request that it answers, as it was sent to the destination; otherwise empty.</summary>
    public ReadOnlySpan<byte> Request { get; }

    /// <summary>Whether more bytes may come.</summary>
    public InputState Input { get; init; }

    /// <summary>
    /// The value of <see cref="FrameMeasure.Examined"/> from when the same message was measured with fewer bytes; 0 at first. That part
    /// need not be searched again, so that a message in many pieces costs no more than one in a single piece.
    /// </summary>
    public int Examined { get; init; }

    /// <summary>
    /// What is left of a message whose first parts were passed on: the buffer starts with it. The default if the buffer starts with a message.
    /// </summary>
    public FrameRest Rest { get; init; }

    /// <summary>
    /// Whether a message is to be passed on in parts although it may be short enough to be kept whole, since there is no memory for it. A
    /// framer whose messages have no parts ignores it.
    /// </summary>
    public bool InParts { get; init; }

    /// <summary>The same circumstances for the bytes from an offset on.</summary>
    internal MeasureContext From(int offset) => new(Direction, Buffer[offset..], Request) { Input = Input, InParts = InParts };

    /// <summary>Creates the context for bytes of a client.</summary>
    /// <param name="buffer">The bytes.</param>
    /// <returns>The context.</returns>
    public static MeasureContext ForRequest(ReadOnlySpan<byte> buffer) => new(MessageDirection.Request, buffer, []);

    /// <summary>Creates the context for bytes of a destination.</summary>
    /// <param name="buffer">The bytes.</param>
    /// <param name="request">The request that they answer, as it was sent.</param>
    /// <returns>The context.</returns>
    public static MeasureContext ForReply(ReadOnlySpan<byte> buffer, ReadOnlySpan<byte> request) =>
        new(MessageDirection.Reply, buffer, request);
}
