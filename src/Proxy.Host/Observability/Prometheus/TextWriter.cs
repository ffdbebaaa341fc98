using System.Buffers;
using System.Globalization;
using System.Text;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>Writes the parts of a line: bytes, numbers, and text with what has to be escaped.</summary>
internal static class TextWriter
{
    private const int LongestNumber = 32;
    private static readonly SearchValues<char> _inHelp = SearchValues.Create("\\\n");
    private static readonly SearchValues<char> _inLabel = SearchValues.Create("\\\n\"");

    public static void Byte(this PooledBuffer to, byte value)
    {
        to.GetSpan(1)[0] = value;
        to.Advance(1);
    }

    public static void Bytes(this PooledBuffer to, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(to.GetSpan(bytes.Length));
        to.Advance(bytes.Length);
    }

    public static void Number(this PooledBuffer to, long value)
    {
        _ = value.TryFormat(to.GetSpan(LongestNumber), out var written, default, CultureInfo.InvariantCulture);
        to.Advance(written);
    }

    /// <summary>The shortest text that reads back as the same number.</summary>
    public static void Number(this PooledBuffer to, double value)
    {
        if (double.IsFinite(value))
        {
            _ = value.TryFormat(to.GetSpan(LongestNumber), out var written, "R", CultureInfo.InvariantCulture);
            to.Advance(written);
            return;
        }

        to.Bytes(
            double.IsNaN(value) ? "NaN"u8
            : value > 0 ? "+Inf"u8
            : "-Inf"u8
        );
    }

    /// <summary>A number as OpenMetrics wants it in a label: <c>1.0</c>, <c>0.25</c>, <c>1e+06</c>, so that every exposer writes the same.</summary>
    public static void Canonical(this PooledBuffer to, double value)
    {
        if (!double.IsFinite(value))
        {
            to.Number(value);
            return;
        }

        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var size = Math.Abs(value);
        if (value != 0 && (size < 1e-4 || size >= 1e6))
        {
            text = value.ToString("0.################e+00", CultureInfo.InvariantCulture);
        }
        else if (!text.Contains('.', StringComparison.Ordinal))
        {
            text += ".0";
        }

        to.Text(text);
    }

    /// <summary>Text that needs no escaping.</summary>
    public static void Text(this PooledBuffer to, ReadOnlySpan<char> text) =>
        to.Advance(Encoding.UTF8.GetBytes(text, to.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));

    /// <summary>A label's value.</summary>
    public static void LabelText(this PooledBuffer to, ReadOnlySpan<char> text) => to.Escaped(text, _inLabel);

    /// <summary>A description.</summary>
    public static void HelpText(this PooledBuffer to, ReadOnlySpan<char> text, bool openMetrics) =>
        to.Escaped(text, openMetrics ? _inLabel : _inHelp);

    private static void Escaped(this PooledBuffer to, ReadOnlySpan<char> text, SearchValues<char> escaped)
    {
        while (text.IndexOfAny(escaped) is >= 0 and var at)
        {
            to.Text(text[..at]);
            to.Byte((byte)'\\');
            to.Byte(text[at] == '\n' ? (byte)'n' : (byte)text[at]);
            text = text[(at + 1)..];
        }

        to.Text(text);
    }
}
