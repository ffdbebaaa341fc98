using System.Text;
using OpenTelemetry.Metrics;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>Prometheus' types of metrics that are written.</summary>
internal enum FamilyType
{
    Gauge,
    Counter,
    Histogram,
}

/// <summary>One metric of OpenTelemetry by its names in Prometheus.</summary>
internal sealed class MetricFamily
{
    private MetricFamily(Metric metric, FamilyType type)
    {
        Type = type;
        Unit = MetricNames.Unit(metric.Unit);
        Family = MetricNames.Family(metric.Name, Unit, type == FamilyType.Counter);
        Name = type == FamilyType.Counter ? $"{Family}_total" : Family;
        Help = metric.Description;
        Origin = (metric.MeterName, metric.Name);
        (FamilyBytes, NameBytes) = (Encoding.UTF8.GetBytes(Family), Encoding.UTF8.GetBytes(Name));
        var scope = new StringBuilder();
        foreach (var label in Scope(metric))
        {
            scope.Append(label.Key).Append('\0').Append(label.Value).Append('\0');
        }

        ScopeKey = scope.ToString();
    }

    public FamilyType Type { get; }

    public string Unit { get; }

    /// <summary>The name without <c>_total</c>: what OpenMetrics describes.</summary>
    public string Family { get; }

    /// <summary>The name of samples, of histograms without their suffixes.</summary>
    public string Name { get; }

    public string Help { get; }

    public byte[] FamilyBytes { get; }

    public byte[] NameBytes { get; }

    /// <summary>The meter and instrument, as they call themselves.</summary>
    public (string Meter, string Instrument) Origin { get; }

    /// <summary>Tells meters apart whose metrics share a family.</summary>
    public string ScopeKey { get; }

    /// <summary>What a metric becomes; null for types that the formats do not have.</summary>
    public static MetricFamily? Of(Metric metric) =>
        metric.MetricType switch
        {
            MetricType.LongSum or MetricType.DoubleSum => new(metric, FamilyType.Counter),
            MetricType.Histogram => new(metric, FamilyType.Histogram),
            MetricType.ExponentialHistogram => null,
            _ => new(metric, FamilyType.Gauge),
        };

    /// <summary>The labels that say which meter it is.</summary>
    public static IEnumerable<KeyValuePair<string, object?>> Scope(Metric metric)
    {
        yield return new("otel_scope_name", metric.MeterName);
        if (!string.IsNullOrEmpty(metric.MeterVersion))
        {
            yield return new("otel_scope_version", metric.MeterVersion);
        }

        foreach (var (key, value) in metric.MeterTags ?? [])
        {
            yield return new($"otel_scope_{key}", value);
        }
    }
}
