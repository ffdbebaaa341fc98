using System.Globalization;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>
/// Writes a collection as Prometheus' text 0.0.4 or as OpenMetrics 1.0.0, after the official exporter of OpenTelemetry and
/// https://prometheus.io/docs/specs/om/open_metrics_spec/. One caller at a time.
/// </summary>
internal sealed class ExpositionWriter(PrometheusOptions options, ILogger logger) : IDisposable
{
    private const string Overflow = "otel.metric.overflow";
    private readonly FamilyTable _families = new(logger);
    private readonly LabelWriter _labels = new();
    private readonly PooledBuffer _series = new(options.MaxBytes); // the labels of one series, which a histogram repeats
    private readonly PooledBuffer _constant = new(options.MaxBytes); // the labels that all series of one metric have
    private readonly string[] _taken =
    [
        .. options.ScopeLabels ? (string[])["otel_scope_name", "otel_scope_version", "otel_scope_schema_url"] : [],
        .. options.ResourceLabels,
    ];

    /// <summary>Writes all of it.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="batch">What was collected.</param>
    /// <param name="resource">What it was collected of.</param>
    /// <param name="openMetrics">Which syntax.</param>
    public void Write(PooledBuffer to, in Batch<Metric> batch, Resource resource, bool openMetrics)
    {
        WriteTarget(to, resource, openMetrics);
        foreach (var family in _families.Of(batch, openMetrics))
        {
            WriteHead(to, family[0].Family, openMetrics);
            foreach (var (metric, names) in family)
            {
                WriteConstant(metric, resource);
                WriteMetric(to, metric, names, openMetrics);
            }
        }

        if (openMetrics)
        {
            to.Bytes("# EOF\n"u8);
        }
    }

    public void Dispose()
    {
        _series.Dispose();
        _constant.Dispose();
    }

    private void WriteTarget(PooledBuffer to, Resource resource, bool openMetrics)
    {
        to.Bytes(openMetrics ? "# TYPE target info\n# HELP target "u8 : "# TYPE target_info gauge\n# HELP target_info "u8);
        to.Bytes("What is measured.\ntarget_info{"u8);
        _labels.Write(to, resource.Attributes.Select(static pair => KeyValuePair.Create(pair.Key, (object?)pair.Value)));
        to.Bytes("} 1\n"u8);
    }

    private static void WriteHead(PooledBuffer to, MetricFamily family, bool openMetrics)
    {
        var name = openMetrics ? family.FamilyBytes : family.NameBytes;
        Head(to, "# TYPE "u8, name);
        to.Bytes(
            family.Type switch
            {
                FamilyType.Counter => "counter\n"u8,
                FamilyType.Histogram => "histogram\n"u8,
                _ => "gauge\n"u8,
            }
        );
        // A unit is said where the name ends with it, and else would make the exposition invalid.
        if (openMetrics && family.Unit.Length > 0 && family.Family.EndsWith($"_{family.Unit}", StringComparison.Ordinal))
        {
            Head(to, "# UNIT "u8, name);
            to.Text(family.Unit);
            to.Byte((byte)'\n');
        }

        if (family.Help.Length > 0)
        {
            Head(to, "# HELP "u8, name);
            to.HelpText(family.Help, openMetrics);
            to.Byte((byte)'\n');
        }
    }

    private static void Head(PooledBuffer to, ReadOnlySpan<byte> keyword, byte[] name)
    {
        to.Bytes(keyword);
        to.Bytes(name);
        to.Byte((byte)' ');
    }

    private void WriteConstant(Metric metric, Resource resource)
    {
        _constant.Clear();
        var scope = options.ScopeLabels ? MetricFamily.Scope(metric) : [];
        var chosen = resource.Attributes.Where(pair => options.ResourceLabels.Contains(pair.Key));
        _labels.Write(_constant, scope.Concat(chosen.Select(static pair => KeyValuePair.Create(pair.Key, (object?)pair.Value))));
    }

    private void WriteMetric(PooledBuffer to, Metric metric, MetricFamily family, bool openMetrics)
    {
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            WriteLabels(point, family);
            if (family.Type == FamilyType.Histogram)
            {
                WriteHistogram(to, family, point, openMetrics);
            }
            else
            {
                WriteSample(to, metric, family, point, openMetrics);
            }

            if (openMetrics && family.Type != FamilyType.Gauge)
            {
                Sample(to, family.FamilyBytes, "_created"u8);
                to.Text(((decimal)point.StartTime.ToUnixTimeMilliseconds() / 1000).ToString(CultureInfo.InvariantCulture));
                to.Byte((byte)'\n');
            }
        }
    }

    private void WriteLabels(in MetricPoint point, MetricFamily family)
    {
        _series.Clear();
        _labels.Write(_series, point.Tags, family.Type == FamilyType.Histogram, _taken);
        if (_series.Length > 0 && _constant.Length > 0)
        {
            _series.Byte((byte)',');
        }

        _series.Bytes(_constant.Written.Span);
        foreach (var (key, _) in point.Tags)
        {
            if (key == Overflow)
            {
                _families.Overflowed(family.Name);
            }
        }
    }

    private void WriteSample(PooledBuffer to, Metric metric, MetricFamily family, in MetricPoint point, bool openMetrics)
    {
        Sample(to, family.NameBytes, default);
        switch (metric.MetricType)
        {
            case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                to.Number(point.GetSumLong());
                break;
            case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                to.Number(point.GetSumDouble());
                break;
            case MetricType.LongGauge:
                to.Number(point.GetGaugeLastValueLong());
                break;
            default:
                to.Number(point.GetGaugeLastValueDouble());
                break;
        }

        if (openMetrics && family.Type == FamilyType.Counter)
        {
            ExemplarWriter.Write(to, _labels, point, metric.MetricType == MetricType.LongSum);
        }

        to.Byte((byte)'\n');
    }

    private void WriteHistogram(PooledBuffer to, MetricFamily family, in MetricPoint point, bool openMetrics)
    {
        var (total, above, negative) = (0L, double.NegativeInfinity, false);
        foreach (var bucket in point.GetHistogramBuckets())
        {
            total += bucket.BucketCount;
            WriteBucket(to, family, bucket.ExplicitBound, total, openMetrics);
            if (openMetrics)
            {
                ExemplarWriter.Write(to, _labels, point, above, bucket.ExplicitBound);
            }

            to.Byte((byte)'\n');
            (above, negative) = (bucket.ExplicitBound, negative || bucket.ExplicitBound < 0);
        }

        // OpenMetrics forbids a sum that can fall, and the count with it.
        if (!openMetrics || !negative)
        {
            Sample(to, family.NameBytes, "_sum"u8);
            to.Number(point.GetHistogramSum());
            to.Byte((byte)'\n');
            Sample(to, family.NameBytes, "_count"u8);
            to.Number(point.GetHistogramCount());
            to.Byte((byte)'\n');
        }
    }

    private void WriteBucket(PooledBuffer to, MetricFamily family, double bound, long total, bool openMetrics)
    {
        to.Bytes(family.NameBytes);
        to.Bytes("_bucket{"u8);
        to.Bytes(_series.Written.Span);
        to.Bytes(_series.Length > 0 ? ",le=\""u8 : "le=\""u8);
        if (openMetrics)
        {
            to.Canonical(bound);
        }
        else
        {
            to.Number(bound);
        }

        to.Bytes("\"} "u8);
        to.Number(total);
    }

    private void Sample(PooledBuffer to, byte[] name, ReadOnlySpan<byte> suffix)
    {
        to.Bytes(name);
        to.Bytes(suffix);
        if (_series.Length > 0)
        {
            to.Byte((byte)'{');
            to.Bytes(_series.Written.Span);
            to.Byte((byte)'}');
        }

        to.Byte((byte)' ');
    }
}
