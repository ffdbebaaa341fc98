using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Resp;

/// <summary>
/// Measures replies of all types, nested ones too. A push message belongs to no request, and is malformed here as attributes are: no client can
/// have asked for them.
/// </summary>
internal static class RespReply
{
    private const int MaxDepth = 128;
    private const int Least = 3; // _ CR LF

    public static FrameMeasure Measure(ReadOnlySpan<byte> buffer, int maxBytes)
    {
        Span<long> missing = stackalloc long[MaxDepth]; // elements of each aggregate that has begun
        missing[0] = 1;
        var (depth, all, position) = (0, 1L, 0);
        while (true)
        {
            while (missing[depth] == 0)
            {
                if (depth-- == 0)
                {
                    return FrameMeasure.Complete(position);
                }
            }

            var least = position + (all * Least);
            if (position >= buffer.Length || least > maxBytes)
            {
                return FrameMeasure.NeedMore(least, maxBytes);
            }

            var type = buffer[position];
            if (!RespType.IsKnown(type))
            {
                return FrameMeasure.Malformed(
                    type switch
                    {
                        RespType.Push => "A push message answers no request.",
                        RespType.Attribute => "A reply has attributes, which only RESP3 has.",
                        _ => "The type of a reply is unknown.",
                    }
                );
            }

            switch (RespLine.Read(buffer, position + 1, RespType.LongestLine(type), out var line))
            {
                case FrameStatus.NeedMore:
                    return FrameMeasure.NeedMore(Math.Max(buffer.Length + 1L, least), maxBytes);
                case FrameStatus.Malformed:
                    return FrameMeasure.Malformed("A line of a reply is too long, or does not end with CR LF.");
            }

            if (!RespType.TryRead(type, line, out var size))
            {
                return FrameMeasure.Malformed("A value of a reply is not one of its type.");
            }

            position = RespLine.After(position + 1, line);
            missing[depth]--;
            all--;
            if (RespType.IsBulk(type) && size >= 0)
            {
                var end = position + size + 2;
                if (end > buffer.Length || end > maxBytes)
                {
                    return FrameMeasure.NeedMore(end + (all * Least), maxBytes);
                }

                position = (int)end;
                if (!buffer[..position].EndsWith("\r\n"u8))
                {
                    return FrameMeasure.Malformed("A string of a reply is longer than its length.");
                }
            }
            else if (RespType.IsAggregate(type) && size > 0)
            {
                if (++depth == MaxDepth)
                {
                    return FrameMeasure.Malformed("The reply is nested too deeply.");
                }

                missing[depth] = size;
                all += size;
            }
        }
    }
}
