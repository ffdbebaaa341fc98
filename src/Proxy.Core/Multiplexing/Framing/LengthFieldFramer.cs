namespace Proxy.Multiplexing.Framing;

/// <summary>Messages that contain their length in a field.</summary>
internal sealed record LengthFieldFramer(string Name, string Description, LengthField Field, int MaxBytes) : IMessageFramer
{
    public bool AllowsHalfClose { get; init; } = true;

    public FrameMeasure Measure(in MeasureContext context)
    {
        if (context.Buffer.Length < Field.End)
        {
            return FrameMeasure.NeedMore(Field.End, MaxBytes);
        }

        return Field.Read(context.Buffer) switch
        {
            null => FrameMeasure.Malformed("The length is not a number."),
            { } length when length < Field.End => FrameMeasure.Malformed("The length is less than that of its own header."),
            { } length when length > context.Buffer.Length || length > MaxBytes => FrameMeasure.NeedMore(length, MaxBytes),
            { } length => FrameMeasure.Complete((int)length),
        };
    }
}
