namespace Proxy.Multiplexing.Framing;

/// <summary>
/// Messages that end when no byte has come for a while. Unreliable, since TCP does not preserve pauses, so only for protocols that leave no
/// other way.
/// </summary>
internal sealed class IdleGapFramer(TimeSpan gap, int maxBytes) : IMessageFramer
{
    public string Name => "idle-gap";

    public string Description => "Messages that end when nothing has come for a while.";

    public int MaxBytes => maxBytes;

    public FrameMeasure Measure(in MeasureContext context)
    {
        var length = context.Buffer.Length;
        return length == 0 || length > maxBytes || context.Input == InputState.Open
            ? FrameMeasure.NeedMore(length + 1L, maxBytes, silence: gap)
            : FrameMeasure.Complete(length);
    }
}
