using System.Buffers.Text;
using System.Text;

namespace Proxy.Multiplexing.Framing.Http;

/// <summary>Finds the end of a chunked body (RFC 9112, 7.1).</summary>
internal static class ChunkedBody
{
    private const int MaxSizeLine = 256; // with chunk extensions
    private const int MaxSizeDigits = 8;
    private const int LastChunk = 5; // 0 CR LF CR LF

    public static FrameMeasure Measure(in MeasureContext context, int start, int maxBytes, MessageTraits traits)
    {
        var buffer = context.Buffer;
        var position = Math.Clamp(context.Examined, start, buffer.Length);
        while (true)
        {
            var lines = new HttpLines(buffer[position..], MaxSizeLine);
            if (!lines.TryRead(out var line))
            {
                return lines.Error is null
                    ? FrameMeasure.NeedMore(Math.Max(buffer.Length + 1L, position + (long)LastChunk), maxBytes, position)
                    : FrameMeasure.Malformed(lines.Error);
            }

            if (ReadSize(line) is not { } size)
            {
                return FrameMeasure.Malformed("The size of a chunk is not a hexadecimal number.");
            }

            var data = position + lines.Position;
            if (size == 0)
            {
                return MeasureTrailers(buffer, position, data, maxBytes, traits);
            }

            var next = data + size + 2;
            if (next > buffer.Length || next + LastChunk > maxBytes)
            {
                return FrameMeasure.NeedMore(next + LastChunk, maxBytes, position);
            }

            position = (int)next;
            if (!buffer[..position].EndsWith("\r\n"u8))
            {
                return FrameMeasure.Malformed("A chunk is longer than its size.");
            }
        }
    }

    private static long? ReadSize(ReadOnlySpan<byte> line)
    {
        var semicolon = line.IndexOf((byte)';');
        var digits = semicolon < 0 ? line : line[..semicolon];
        var valid = digits.Length is > 0 and <= MaxSizeDigits && HttpSyntax.IsText(line);
        return valid && Utf8Parser.TryParse(digits, out uint size, out var used, 'X') && used == digits.Length ? size : null;
    }

    private static FrameMeasure MeasureTrailers(ReadOnlySpan<byte> buffer, int examined, int start, int maxBytes, MessageTraits traits)
    {
        var lines = new HttpLines(buffer[start..], HttpHead.MaxBytes);
        while (lines.TryRead(out var line))
        {
            if (line.IsEmpty)
            {
                var length = start + lines.Position;
                return length > maxBytes ? FrameMeasure.NeedMore(length, maxBytes) : FrameMeasure.Complete(length, traits);
            }

            if (!HttpSyntax.TryReadField(line, out var name, out _) || IsFraming(name))
            {
                return FrameMeasure.Malformed("A trailer is not a field, or one about the message's length.");
            }
        }

        return lines.Error is null ? FrameMeasure.NeedMore(buffer.Length + 1L, maxBytes, examined) : FrameMeasure.Malformed(lines.Error);
    }

    private static bool IsFraming(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "Content-Length"u8) || Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8);
}
