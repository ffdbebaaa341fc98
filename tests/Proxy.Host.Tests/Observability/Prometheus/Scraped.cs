using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Proxy.Host.Observability.Prometheus;

namespace Proxy.Host.Tests.Observability.Prometheus;

/// <summary>A meter of a test's own, and what the exporter makes of it.</summary>
internal sealed class Scraped : IDisposable
{
    private readonly MeterProvider _provider;
    private readonly List<Meter> _meters = [];

    public Scraped(PrometheusOptions? options = null, Action<MeterProviderBuilder>? build = null)
    {
        Name = $"test-{Guid.NewGuid():N}";
        Meter = Add("");
        Log = new LogLines();
        Exporter = new PrometheusExporter(options ?? new() { ScopeLabels = false }, Log.CreateLogger<PrometheusExporter>());
        var builder = Sdk.CreateMeterProviderBuilder()
            .AddMeter($"{Name}*")
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddAttributes([new("service.name", "proxy \"x\"")]))
            .AddReader(new BaseExportingMetricReader(Exporter));
        build?.Invoke(builder);
        _provider = builder.Build();
    }

    public string Name { get; }

    public Meter Meter { get; }

    public LogLines Log { get; }

    public PrometheusExporter Exporter { get; }

    /// <summary>Another meter that is listened to.</summary>
    public Meter Add(string suffix, string? version = null, params KeyValuePair<string, object?>[] tags)
    {
        var meter = new Meter($"{Name}{suffix}", version, tags);
        _meters.Add(meter);
        return meter;
    }

    public string Text() => Scrape(openMetrics: false);

    public string OpenMetrics() => Scrape(openMetrics: true);

    /// <summary>The lines of a metric, without comments.</summary>
    public string[] Samples(string name, bool openMetrics = false) =>
        [.. Scrape(openMetrics).Split('\n').Where(line => line.StartsWith(name, StringComparison.Ordinal))];

    public void Dispose()
    {
        _provider.Dispose();
        _meters.ForEach(static meter => meter.Dispose());
    }

    private string Scrape(bool openMetrics)
    {
        using var buffer = new PooledBuffer(Exporter.Options.MaxBytes);
        Exporter.CollectInto(buffer, openMetrics);
        return Encoding.UTF8.GetString(buffer.Written.Span);
    }
}
