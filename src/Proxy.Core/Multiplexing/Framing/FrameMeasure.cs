namespace Proxy.Multiplexing.Framing;

/// <summary>The result of measuring the start of a buffer: a part of a message, a whole message, or bytes that are no message.</summary>
public readonly record struct FrameMeasure
{
    private const string TooLong = "The message is longer than allowed.";

    /// <summary>The kind of the result.</summary>
    public FrameStatus Status { get; private init; }

    /// <summary>
    /// For a whole message, its length in bytes: from 1 to the length of the buffer and the framer's <see cref="IMessageFramer.MaxBytes"/>.
    /// For a message in parts, the length of this part; the last part may be empty if the end of the input ended the message.
    /// For a part, the least number of bytes with which measuring again can give a different result: more than the buffer has, and never
    /// more than MaxBytes and <see cref="IMessageFramer.MaxNoise"/> together. For bytes to skip, their number.
    /// </summary>
    public int Length { get; private init; }

    /// <summary>
    /// For a message that is passed on in parts, the value of <see cref="MeasureContext.Rest"/> for the bytes behind this part; the default
    /// after the last part.
    /// </summary>
    public FrameRest Rest { get; private init; }

    /// <summary>Further properties of the message; of a message in parts, they are those of its first part.</summary>
    public MessageTraits Traits { get; init; }

    /// <summary>For a part of a message, the value of <see cref="MeasureContext.Examined"/> for the next call.</summary>
    public int Examined { get; private init; }

    /// <summary>
    /// For a part of a message, the time without a byte after which it is to be measured again as <see cref="InputState.Silent"/>, since
    /// silence may end the message. Zero if silence has no meaning.
    /// </summary>
    public TimeSpan Silence { get; internal init; }

    /// <summary>For malformed bytes, a sentence that says what is wrong. It never contains bytes of a peer.</summary>
    public string? Reason { get; private init; }

    /// <summary>A whole message.</summary>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="traits">Further properties of it.</param>
    /// <returns>The measure.</returns>
    public static FrameMeasure Complete(int length, MessageTraits traits = MessageTraits.None) =>
        new()
        {
            Status = FrameStatus.Complete,
            Length = length,
            Traits = traits,
        };

    /// <summary>A part of a message; malformed if the message would be longer than the framer allows.</summary>
    /// <param name="minimumLength">The least length of the message in bytes. May be any number that a peer has sent.</param>
    /// <param name="maxBytes">The longest message of the framer, in bytes.</param>
    /// <param name="examined">The number of bytes that need not be searched again.</param>
    /// <param name="silence">The time without a byte that may end the message; zero if silence has no meaning.</param>
    /// <returns>The measure.</returns>
    public static FrameMeasure NeedMore(long minimumLength, int maxBytes, int examined = 0, TimeSpan silence = default) =>
        minimumLength > maxBytes
            ? Malformed(TooLong)
            : new()
            {
                Status = FrameStatus.NeedMore,
                Length = (int)minimumLength,
                Examined = examined,
                Silence = silence,
            };

    /// <summary>A part of a message that can be passed on without the others.</summary>
    /// <param name="length">Its length in bytes, at least 1.</param>
    /// <param name="rest">What follows it, not the default.</param>
    /// <param name="traits">For the first part, further properties of the message.</param>
    /// <returns>The measure.</returns>
    public static FrameMeasure Part(int length, FrameRest rest, MessageTraits traits = MessageTraits.None) =>
        new()
        {
            Status = FrameStatus.Part,
            Length = length,
            Rest = rest,
            Traits = traits,
        };

    /// <summary>Bytes that belong to no message, before one.</summary>
    /// <param name="length">Their number; at least 1, and at most that of the buffer.</param>
    /// <returns>The measure.</returns>
    public static FrameMeasure Skip(int length) => new() { Status = FrameStatus.Skip, Length = length };

    /// <summary>Bytes that are no message.</summary>
    /// <param name="reason">A sentence that says what is wrong. It has to be a constant, since it is logged.</param>
    /// <returns>The measure.</returns>
    public static FrameMeasure Malformed(string reason) => new() { Status = FrameStatus.Malformed, Reason = reason };
}
