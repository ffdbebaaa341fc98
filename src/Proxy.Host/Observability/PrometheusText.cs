using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Proxy.Host.Observability;

/// <summary>Renders metrics in Prometheus' text format 0.0.4 when they are asked for.</summary>
internal sealed class PrometheusText : BaseExporter<Metric>
{
    /// <summary>Combinations of labels per metric. The library's 2,000 are used up by the bytes of a thousand routes.</summary>
    public const int MaxSeries = 100_000;

    private const int CollectTimeoutMilliseconds = 5000;
    private readonly Lock _gate = new(); // guards _text: one collection at a time
    private string _text = "";

    public PrometheusText() => Reader = new BaseExportingMetricReader(this);

    /// <summary>Collects for this exporter alone: a scrape must not wait for other readers, which push to somewhere.</summary>
    public MetricReader Reader { get; }

    public static Task WriteAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        if (context.RequestServices.GetRequiredService<PrometheusText>().Collect() is { } text)
        {
            return context.Response.WriteAsync(text);
        }

        context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        return Task.CompletedTask;
    }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var text = new StringBuilder();
        foreach (var metric in batch)
        {
            Write(text, metric);
        }

        _text = text.ToString();
        return ExportResult.Success;
    }

    private string? Collect()
    {
        lock (_gate)
        {
            return Reader.Collect(CollectTimeoutMilliseconds) ? _text : null;
        }
    }

    private static void Write(StringBuilder text, Metric metric)
    {
        var counter = metric.MetricType is MetricType.LongSum or MetricType.DoubleSum;
        var histogram = metric.MetricType is MetricType.Histogram;
        var name = Name(metric, counter);
        text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {(histogram ? "histogram" : counter ? "counter" : "gauge")}\n");
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {metric.Description}\n");
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var labels = Labels(point);
            if (histogram)
            {
                WriteHistogram(text, name, labels, point);
            }
            else
            {
                Sample(text, name, labels, Value(metric.MetricType, point));
            }
        }
    }

    private static double Value(MetricType type, in MetricPoint point) =>
        type switch
        {
            MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
            MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => point.GetSumDouble(),
            MetricType.LongGauge => point.GetGaugeLastValueLong(),
            _ => point.GetGaugeLastValueDouble(),
        };

    private static void WriteHistogram(StringBuilder text, string name, string labels, in MetricPoint point)
    {
        var total = 0L;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            total += bucket.BucketCount;
            var bound = double.IsPositiveInfinity(bucket.ExplicitBound)
                ? "+Inf"
                : bucket.ExplicitBound.ToString(CultureInfo.InvariantCulture);
            Sample(text, name + "_bucket", labels + (labels.Length > 0 ? "," : "") + $"le=\"{bound}\"", total);
        }

        Sample(text, name + "_sum", labels, point.GetHistogramSum());
        Sample(text, name + "_count", labels, point.GetHistogramCount());
    }

    private static void Sample(StringBuilder text, string name, string labels, double value) =>
        text.Append(CultureInfo.InvariantCulture, $"{name}{(labels.Length > 0 ? $"{{{labels}}}" : "")} {value}\n");

    private static string Name(Metric metric, bool counter)
    {
        var unit = metric.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        return Clean(metric.Name) + unit + (counter ? "_total" : "");
    }

    private static string Labels(in MetricPoint point)
    {
        var labels = new List<string>();
        foreach (var (key, value) in point.Tags)
        {
            var escaped = Convert
                .ToString(value, CultureInfo.InvariantCulture)!
                .Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("\"", "\\\"", StringComparison.Ordinal)
                .Replace("\n", "\\n", StringComparison.Ordinal);
            labels.Add($"{Clean(key)}=\"{escaped}\"");
        }

        return string.Join(',', labels);
    }

    private static string Clean(string name) => string.Concat(name.Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
}
