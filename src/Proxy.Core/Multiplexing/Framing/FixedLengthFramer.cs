namespace Proxy.Multiplexing.Framing;

/// <summary>Messages that all have the same length.</summary>
internal sealed class FixedLengthFramer(int bytes) : IMessageFramer
{
    public string Name => "fixed-length";

    public string Description => "Messages of one length.";

    public int MaxBytes => bytes;

    public FrameMeasure Measure(in MeasureContext context) =>
        context.Buffer.Length < bytes ? FrameMeasure.NeedMore(bytes, bytes) : FrameMeasure.Complete(bytes);
}
