namespace Proxy.Multiplexing.Framing;

/// <summary>Messages that end with fixed bytes.</summary>
internal sealed class DelimiterFramer(string name, string description, byte[] delimiter, int maxBytes) : IMessageFramer
{
    public string Name => name;

    public string Description => description;

    public bool RepliesInOrder { get; init; }

    public int MaxBytes => maxBytes;

    public FrameMeasure Measure(in MeasureContext context)
    {
        var searched = context.Buffer[..Math.Min(context.Buffer.Length, maxBytes)];
        var start = Math.Clamp(context.Examined, 0, searched.Length);
        var found = searched[start..].IndexOf(delimiter);
        if (found >= 0)
        {
            return FrameMeasure.Complete(start + found + delimiter.Length);
        }

        // The last bytes may be the beginning of the delimiter.
        var examined = Math.Max(0, searched.Length - delimiter.Length + 1);
        var missing = delimiter.Length - Matched(searched);
        return FrameMeasure.NeedMore(searched.Length + missing, maxBytes, examined);
    }

    private int Matched(ReadOnlySpan<byte> bytes)
    {
        var length = Math.Min(bytes.Length, delimiter.Length - 1);
        while (!bytes.EndsWith(delimiter.AsSpan(0, length)))
        {
            length--;
        }

        return length;
    }
}
