using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Resp;

/// <summary>Measures commands: arrays of bulk strings, and inline commands as a person types them.</summary>
internal static class RespRequest
{
    private const int MaxInline = 64 * 1024; // as in Redis
    private const int LeastArgument = 6; // $0 CR LF CR LF
    private const int LeastArray = 4; // *0 CR LF
    private const int MostArguments = 1024 * 1024; // an incomplete command is measured from its start again

    public static FrameMeasure Measure(in MeasureContext context, int maxBytes) =>
        context.Buffer.IsEmpty ? FrameMeasure.NeedMore(1, maxBytes)
        : context.Buffer[0] == '*' ? MeasureArray(context.Buffer, maxBytes)
        : MeasureInline(context, maxBytes);

    private static FrameMeasure MeasureArray(ReadOnlySpan<byte> buffer, int maxBytes)
    {
        var status = RespLine.Read(buffer, 1, RespLine.MaxCount, out var line);
        if (status == FrameStatus.NeedMore)
        {
            return FrameMeasure.NeedMore(Math.Max(buffer.Length + 1, LeastArray), maxBytes);
        }

        if (status == FrameStatus.Malformed || !RespLine.TryReadCount(line, out var count))
        {
            return FrameMeasure.Malformed("The number of arguments is not a number.");
        }

        if (count > MostArguments)
        {
            return FrameMeasure.Malformed("There are too many arguments.");
        }

        var position = RespLine.After(1, line);
        for (; count > 0; count--)
        {
            if (position >= buffer.Length)
            {
                return FrameMeasure.NeedMore(position + (count * LeastArgument), maxBytes);
            }

            if (buffer[position] != '$')
            {
                return FrameMeasure.Malformed("An argument is not a bulk string.");
            }

            status = RespLine.Read(buffer, position + 1, RespLine.MaxCount, out line);
            if (status == FrameStatus.NeedMore)
            {
                return FrameMeasure.NeedMore(Math.Max(buffer.Length + 1L, position + (count * LeastArgument)), maxBytes);
            }

            if (status == FrameStatus.Malformed || !RespLine.TryReadCount(line, out var length) || length < 0)
            {
                return FrameMeasure.Malformed("The length of an argument is not a number.");
            }

            var end = RespLine.After(position + 1, line) + length + 2;
            if (end > buffer.Length || end > maxBytes)
            {
                return FrameMeasure.NeedMore(end + ((count - 1) * LeastArgument), maxBytes);
            }

            position = (int)end;
            if (!buffer[..position].EndsWith("\r\n"u8))
            {
                return FrameMeasure.Malformed("An argument is longer than its length.");
            }
        }

        return Complete(buffer[..position]);
    }

    private static FrameMeasure MeasureInline(in MeasureContext context, int maxBytes)
    {
        var searched = context.Buffer[..Math.Min(context.Buffer.Length, MaxInline)];
        var start = Math.Clamp(context.Examined, 0, searched.Length);
        var length = searched[start..].IndexOf((byte)'\n');
        if (length < 0)
        {
            return searched.Length == MaxInline
                ? FrameMeasure.Malformed("An inline command is too long.")
                : FrameMeasure.NeedMore(searched.Length + 1L, maxBytes, searched.Length);
        }

        return Complete(searched[..(start + length + 1)]);
    }

    private static FrameMeasure Complete(ReadOnlySpan<byte> request) =>
        RespCommands.Of(request) switch
        {
            RespCommand.Read => FrameMeasure.Complete(request.Length, MessageTraits.Safe),
            RespCommand.Quit => FrameMeasure.Complete(request.Length, MessageTraits.EndsConnection),
            RespCommand.None => FrameMeasure.Complete(request.Length, MessageTraits.NoReply),
            RespCommand.Invalid => FrameMeasure.Malformed("A quote of an inline command is not closed."),
            RespCommand.Foreign => FrameMeasure.Malformed("This is a request of HTTP."),
            _ => FrameMeasure.Complete(request.Length),
        };
}
