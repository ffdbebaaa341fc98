using System.Globalization;
using OpenTelemetry.Metrics;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>Writes the newest exemplar of a counter or of a histogram's bucket, as OpenMetrics has them.</summary>
internal static class ExemplarWriter
{
    private const int MaxLabelCharacters = 128; // of names and values together, says the specification

    /// <summary>The newest of a counter, if any.</summary>
    public static void Write(PooledBuffer to, LabelWriter labels, in MetricPoint point, bool isLong) =>
        Write(to, labels, point, double.NegativeInfinity, double.PositiveInfinity, isLong, isCounter: true);

    /// <summary>The newest of a bucket, if any.</summary>
    public static void Write(PooledBuffer to, LabelWriter labels, in MetricPoint point, double above, double upTo) =>
        Write(to, labels, point, above, upTo, isLong: false, isCounter: false);

    private static void Write(
        PooledBuffer to,
        LabelWriter labels,
        in MetricPoint point,
        double above,
        double upTo,
        bool isLong,
        bool isCounter
    )
    {
        if (!point.TryGetExemplars(out var exemplars))
        {
            return;
        }

        Exemplar? newest = null;
        foreach (ref readonly var exemplar in exemplars)
        {
            var fits = isCounter || (exemplar.DoubleValue <= upTo && exemplar.DoubleValue > above);
            if (fits && (newest is null || exemplar.Timestamp >= newest.Value.Timestamp))
            {
                newest = exemplar;
            }
        }

        if (newest is { } found)
        {
            Write(to, labels, found, isLong);
        }
    }

    private static void Write(PooledBuffer to, LabelWriter labels, in Exemplar exemplar, bool isLong)
    {
        to.Bytes(" # {"u8);
        labels.Write(to, Labels(exemplar));
        to.Bytes("} "u8);
        if (isLong)
        {
            to.Number(exemplar.LongValue);
        }
        else
        {
            to.Number(exemplar.DoubleValue);
        }

        to.Byte((byte)' ');
        to.Text(((decimal)exemplar.Timestamp.ToUnixTimeMilliseconds() / 1000).ToString(CultureInfo.InvariantCulture));
    }

    private static List<KeyValuePair<string, object?>> Labels(in Exemplar exemplar)
    {
        var labels = new List<KeyValuePair<string, object?>>();
        if (exemplar.TraceId != default)
        {
            labels.Add(new("trace_id", exemplar.TraceId.ToHexString()));
            labels.Add(new("span_id", exemplar.SpanId.ToHexString()));
        }

        var left = MaxLabelCharacters - labels.Sum(Length);
        foreach (var tag in exemplar.FilteredTags)
        {
            left -= Length(tag);
            if (
                left >= 0
                && !tag.Key.StartsWith("trace", StringComparison.Ordinal)
                && !tag.Key.StartsWith("span", StringComparison.Ordinal)
            )
            {
                labels.Add(tag);
            }
        }

        return labels;
    }

    private static int Length(KeyValuePair<string, object?> label) =>
        label.Key.Length + (Convert.ToString(label.Value, CultureInfo.InvariantCulture)?.Length ?? 0);
}
