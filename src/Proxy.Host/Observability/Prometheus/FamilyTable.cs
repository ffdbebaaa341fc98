using System.Runtime.CompilerServices;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>
/// Puts a collection's metrics together by family, as the formats demand: one type each, and no series twice. What cannot be written so is left
/// out as a whole, and told once.
/// </summary>
internal sealed partial class FamilyTable(ILogger logger)
{
    private const int Told = 1000; // names that were told of; instruments are few, and those that make them up end here
    private readonly ConditionalWeakTable<Metric, MetricFamily> _known = [];
    private readonly Dictionary<string, List<(Metric Metric, MetricFamily Family)>> _byName = new(StringComparer.Ordinal);
    private readonly List<List<(Metric Metric, MetricFamily Family)>> _ordered = [];
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    /// <summary>The families of a collection, each with its metrics, in the order in which they were first met. Valid until the next call.</summary>
    public IReadOnlyList<IReadOnlyList<(Metric Metric, MetricFamily Family)>> Of(in Batch<Metric> batch, bool openMetrics)
    {
        _byName.Clear();
        _ordered.Clear();
        foreach (var metric in batch)
        {
            if (Known(metric) is { } family)
            {
                Add(metric, family, openMetrics ? family.Family : family.Name);
            }
        }

        _ordered.RemoveAll(Conflicts);
        return _ordered;
    }

    /// <summary>Says that a metric has more series than it may.</summary>
    public void Overflowed(string name)
    {
        if (Tell($"overflow {name}"))
        {
            Log.Overflowed(logger, name);
        }
    }

    private MetricFamily? Known(Metric metric)
    {
        if (!_known.TryGetValue(metric, out var family) && MetricFamily.Of(metric) is { } made)
        {
            family = made;
            _known.Add(metric, made);
        }

        return family;
    }

    private void Add(Metric metric, MetricFamily family, string name)
    {
        if (!_byName.TryGetValue(name, out var metrics))
        {
            _byName[name] = metrics = [];
            _ordered.Add(metrics);
        }

        var twin = metrics.FindIndex(other => other.Family.ScopeKey == family.ScopeKey);
        if (twin < 0)
        {
            metrics.Add((metric, family));
        }
        else if (metrics[twin].Family.Origin != family.Origin && Tell($"twin {name}"))
        {
            // Of one origin it is an instrument that was renewed: its last values come once more, and go first.
            Log.Twice(logger, name, metrics[twin].Family.Origin.Instrument, family.Origin.Instrument);
        }
    }

    private bool Conflicts(List<(Metric Metric, MetricFamily Family)> metrics)
    {
        var first = metrics[0].Family;
        if (metrics.TrueForAll(other => other.Family.Type == first.Type))
        {
            return false;
        }

        if (Tell($"types {first.Name}"))
        {
            Log.Conflict(logger, first.Name, string.Join(", ", metrics.Select(static metric => metric.Family.Type).Distinct()));
        }

        return true;
    }

    private bool Tell(string what) => _told.Count < Told && _told.Add(what);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "/metrics leaves out {Name}: metrics of that name are of several types: {Types}.")]
        public static partial void Conflict(ILogger logger, string name, string types);

        [LoggerMessage(LogLevel.Warning, "/metrics has {Name} of {First} alone: {Second} has the same name there.")]
        public static partial void Twice(ILogger logger, string name, string first, string second);

        [LoggerMessage(
            LogLevel.Warning,
            "The metric {Name} has more combinations of labels than it may: what is over the limit is summed up under otel_metric_overflow=\"true\"."
        )]
        public static partial void Overflowed(ILogger logger, string name);
    }
}
