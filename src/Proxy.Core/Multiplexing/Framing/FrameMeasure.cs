namespace Proxy.Multiplexing.Framing;

/// <summary>What a framer found at the start of a buffer: part of a message, a whole one, or none.</summary>
public readonly record struct FrameMeasure
{
    private const string TooLong = "The message is longer than allowed.";

    /// <summary>Which of the three.</summary>
    public FrameStatus Status { get; private init; }

    /// <summary>
    /// Of a whole message: its bytes, from 1 to the buffer's length and the framer's <see cref="IMessageFramer.MaxBytes"/>. Of part of one: how
    /// many there are at the very least; to measure again with fewer brings nothing new. It exceeds the buffer's length, and never MaxBytes.
    /// </summary>
    public int Length { get; private init; }

    /// <summary>What else is known about the message.</summary>
    public MessageTraits Traits { get; init; }

    /// <summary>Of part of a message: what to give as <see cref="MeasureContext.Examined"/> next time.</summary>
    public int Examined { get; private init; }

    /// <summary>
    /// Of part of a message: after this long without a byte it is to be measured again as <see cref="InputState.Silent"/>, since silence may be
    /// what ends it. Zero: silence means nothing.
    /// </summary>
    public TimeSpan Silence { get; private init; }

    /// <summary>Of what is malformed: a sentence that says what is wrong. It has nothing in it that a peer sent.</summary>
    public string? Reason { get; private init; }

    /// <summary>A whole message.</summary>
    /// <param name="length">Its bytes.</param>
    /// <param name="traits">What else is known.</param>
    /// <returns>The measure.</returns>
    public static FrameMeasure Complete(int length, MessageTraits traits = MessageTraits.None) =>
        new()
        {
            Status = FrameStatus.Complete,
            Length = length,
            Traits = traits,
        };

    /// <summary>Part of a message; malformed if it could not be finished within the bound.</summary>
    /// <param name="minimumLength">The bytes it has at the very least. May be any number that a peer sent.</param>
    /// <param name="maxBytes">The framer's bound.</param>
    /// <param name="examined">The bytes that need not be searched again.</param>
    /// <param name="silence">The silence that may end the message.</param>
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

    /// <summary>No message.</summary>
    /// <param name="reason">A sentence that says what is wrong; a constant, since it is logged.</param>
    /// <returns>The measure.</returns>
    public static FrameMeasure Malformed(string reason) => new() { Status = FrameStatus.Malformed, Reason = reason };
}
