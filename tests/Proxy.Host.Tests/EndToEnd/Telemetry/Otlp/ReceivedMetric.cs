namespace Proxy.Host.Tests.EndToEnd.Telemetry.Otlp;

/// <summary>A metric that the receiver got.</summary>
/// <param name="Meter">The meter.</param>
/// <param name="Name">The name.</param>
/// <param name="Unit">The unit.</param>
/// <param name="Series">The attributes of each point.</param>
/// <param name="ExemplarTraces">The trace ids of the exemplars of all points.</param>
internal sealed record ReceivedMetric(
    string Meter,
    string Name,
    string Unit,
    List<Dictionary<string, object?>> Series,
    List<string> ExemplarTraces
)
{
    private const int Histogram = 9;

    /// <summary>Reads an ExportMetricsServiceRequest. Field numbers: resource metrics 1 (scope metrics 2 (scope 1, metrics 2)).</summary>
    public static IEnumerable<ReceivedMetric> Read(ProtoMessage request) =>
        from resource in request.Messages(1)
        from scope in resource.Messages(2)
        from metric in scope.Messages(2)
        select new ReceivedMetric(
            scope.Messages(1).Single().Text(1),
            metric.Text(1),
            metric.Text(3),
            [.. Points(metric).Select(point => point.Attributes(metric.Has(Histogram) ? 9 : 7))],
            [.. Points(metric).SelectMany(point => point.Messages(metric.Has(Histogram) ? 8 : 5)).Select(static example => example.Hex(5))]
        );

    // Field numbers: gauge 5, sum 7, histogram 9; the points are field 1 of each.
    private static IEnumerable<ProtoMessage> Points(ProtoMessage metric) =>
        ((int[])[5, 7, Histogram]).SelectMany(metric.Messages).SelectMany(static data => data.Messages(1));
}
