namespace Proxy.Multiplexing.Framing;

/// <summary>A declared framing whose messages have a checksum. A client's message without it is malformed; a destination's is found by it.</summary>
/// <param name="inner">The framing.</param>
/// <param name="checksum">The checksum.</param>
/// <param name="endsInSilence">Whether silence ends a message, so that one which does not fit may be the first part of one that does.</param>
internal sealed class ChecksumFramer(IMessageFramer inner, Checksum checksum, bool endsInSilence) : IChecksumFramer
{
    private const string Wrong = "The checksum is wrong.";
    private const string TooShort = "The message is too short to have a checksum.";

    public string Name => inner.Name;

    public string Description => inner.Description;

    public int MaxBytes => inner.MaxBytes;

    public int MinBytes => checksum.MinBytes;

    public int MaxNoise => Resynchronization.MaxNoise;

    public bool HasStarts => false;

    public bool IsStrong => checksum.IsStrong;

    public bool RepliesInOrder => inner.RepliesInOrder;

    public bool AllowsHalfClose => inner.AllowsHalfClose;

    public FrameMeasure Measure(in MeasureContext context)
    {
        var measure = MeasureAt(context);
        if (context.Direction == MessageDirection.Request || measure.Status == FrameStatus.Complete)
        {
            return measure;
        }

        if (measure.Status == FrameStatus.NeedMore && context.Input == InputState.Open)
        {
            // A long message is not searched through with each of its pieces, but once they pause.
            return measure with { Silence = measure.Silence > TimeSpan.Zero ? measure.Silence : Resynchronization.Silence };
        }

        return Resynchronization.Measure(context, this);
    }

    // A length that cannot be is no start of a message, nor are zeros; whether the checksum fits is another question.
    public bool MayStart(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> request)
    {
        var measure = inner.Measure(MeasureContext.ForReply(bytes, request));
        return measure.Status == FrameStatus.NeedMore
            || (measure.Status == FrameStatus.Complete && measure.Length >= MinBytes && bytes[..measure.Length].ContainsAnyExcept((byte)0));
    }

    public FrameMeasure MeasureAt(in MeasureContext context)
    {
        var measure = inner.Measure(context);
        return measure is { Status: FrameStatus.Complete, Length: var length } && length < MinBytes ? FrameMeasure.Malformed(TooShort)
            : measure.Status != FrameStatus.Complete || checksum.Fits(context.Buffer[..measure.Length]) ? measure
            : endsInSilence && context.Direction == MessageDirection.Reply ? FrameMeasure.NeedMore(measure.Length + 1L, MaxBytes)
            : FrameMeasure.Malformed(Wrong);
    }
}
