namespace Proxy.Multiplexing.Framing;

/// <summary>
/// Finds a reply with a checksum among other bytes: those of a line that was just switched, zeros, banners. It is found by its whole frame,
/// so that a byte which looks like a start hides no reply.
/// </summary>
internal static class Resynchronization
{
    /// <summary>The most bytes before a reply that are skipped.</summary>
    public const int MaxNoise = 64;

    /// <summary>
    /// The time after which no more bytes are expected: a frame with a wrong checksum may still be followed by the right one, and a start may be none.
    /// </summary>
    public static TimeSpan Silence { get; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Measures the first whole reply in a buffer.</summary>
    /// <param name="context">The buffer and its circumstances.</param>
    /// <param name="framer">Measures a reply at one place.</param>
    public static FrameMeasure Measure(in MeasureContext context, IChecksumFramer framer)
    {
        var buffer = context.Buffer;
        var isSilent = context.Input != InputState.Open;
        string? garbled = null;
        var (mayBegin, hasLater, isGarbled, silence) = (false, false, false, TimeSpan.Zero);
        for (var offset = 0; offset < buffer.Length && offset <= MaxNoise && !hasLater; offset++)
        {
            if (offset > 0 && !framer.IsStrong && buffer[offset - 1] is not (0 or byte.MaxValue))
            {
                break;
            }

            if (!framer.MayStart(buffer[offset..], context.Request))
            {
                continue;
            }

            var measure = framer.MeasureAt(context.From(offset));
            switch (measure.Status)
            {
                case FrameStatus.Complete when offset == 0:
                    return measure;
                case FrameStatus.Complete when !buffer.Slice(offset, measure.Length).ContainsAnyExcept((byte)0): // zeros fit most checksums
                    break;
                case FrameStatus.Complete when isSilent || !mayBegin:
                    return FrameMeasure.Skip(offset);
                case FrameStatus.Complete:
                    hasLater = true; // inside the unfinished one, or after a start that is none: silence tells
                    break;
                case FrameStatus.NeedMore:
                    silence = mayBegin ? silence : measure.Silence;
                    mayBegin = true;
                    break;
                default:
                    isGarbled |= !mayBegin && !framer.HasStarts;
                    garbled ??= measure.Reason;
                    break;
            }
        }

        var longest = framer.MaxBytes + MaxNoise;
        return mayBegin && !isGarbled ? FrameMeasure.NeedMore(buffer.Length + 1, longest, silence: hasLater ? Silence : silence)
            : garbled is not null && isSilent ? FrameMeasure.Malformed(garbled)
            : garbled is not null ? FrameMeasure.NeedMore(buffer.Length + 1, longest, silence: Silence)
            : buffer.Length > MaxNoise ? FrameMeasure.Malformed("The bytes contain no reply to this request.")
            : FrameMeasure.NeedMore(Math.Max(buffer.Length + 1, framer.MinBytes), longest);
    }
}
