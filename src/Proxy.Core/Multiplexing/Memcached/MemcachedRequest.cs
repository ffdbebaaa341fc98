using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Memcached;

/// <summary>Measures commands: a line, and for those that store a data block.</summary>
internal static class MemcachedRequest
{
    private const string Binary = "The binary protocol of memcached is not for connections that are shared; use the text protocol.";

    public static FrameMeasure Measure(in MeasureContext context, int maxBytes)
    {
        var buffer = context.Buffer;
        if (buffer.StartsWith(BinaryRefusal.Magic))
        {
            // The header is awaited, since the refusal repeats a part of it.
            return buffer.Length < BinaryRefusal.HeaderSize
                ? FrameMeasure.NeedMore(BinaryRefusal.HeaderSize, maxBytes)
                : FrameMeasure.Malformed(Binary);
        }

        var length = MemcachedLine.Read(buffer, context.Examined, out var line);
        var isLong = length < 0 || (length == 0 ? buffer.Length : length) > MemcachedCommand.MaxLine;
        if (length < 0 || (isLong && !MemcachedCommand.MayBeLong(buffer[..MemcachedCommand.MaxLine])))
        {
            return FrameMeasure.Malformed("A command line is too long.");
        }

        if (length == 0)
        {
            return FrameMeasure.NeedMore(buffer.Length + 1L, maxBytes, buffer.Length);
        }

        var command = MemcachedCommand.Read(line);
        return command.Error is not null ? FrameMeasure.Malformed(command.Error)
            : command.Data < 0 ? FrameMeasure.Complete(length, TraitsOf(command))
            : MeasureData(buffer, length, command, maxBytes);
    }

    // While the block is incomplete the line is read again with each piece; it is short.
    private static FrameMeasure MeasureData(ReadOnlySpan<byte> buffer, int start, MemcachedCommand command, int maxBytes)
    {
        var end = start + command.Data + 2;
        return end > buffer.Length || end > maxBytes ? FrameMeasure.NeedMore(end, maxBytes)
            : buffer[..(int)end].EndsWith("\r\n"u8) ? FrameMeasure.Complete((int)end, TraitsOf(command))
            : FrameMeasure.Malformed("A data block is longer than its length.");
    }

    private static MessageTraits TraitsOf(MemcachedCommand command) =>
        command.Kind == MemcachedKind.Quit ? MessageTraits.EndsConnection | MessageTraits.NoReply
        : command.HasNoReply ? MessageTraits.NoReply
        : command.IsSafe ? MessageTraits.Safe
        : MessageTraits.None;
}
