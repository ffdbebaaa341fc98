using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;
using Proxy.Diagnostics;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>Adds what serves <c>/metrics</c>, and tells a meter provider to feed it.</summary>
internal static class PrometheusServices
{
    // A renewed meter has new streams, and the SDK counts all there ever were; a slot is 8 bytes.
    private const int MaxStreams = 100_000;

    public static IServiceCollection AddPrometheus(this IServiceCollection services)
    {
        services.AddSingleton<PrometheusOptions>();
        services.AddSingleton<PrometheusExporter>();
        services.AddSingleton<ScrapeCollector>();
        services.AddSingleton<PrometheusEndpoint>();
        services.AddHostedService<MeterRenewal>();
        return services;
    }

    /// <summary>Adds the reader that scrapes ask, and the limits of our own instruments.</summary>
    public static MeterProviderBuilder AddPrometheus(this MeterProviderBuilder metrics, IServiceProvider services) =>
        metrics
            .SetMaxMetricStreams(MaxStreams)
            .AddView(instrument =>
                IsOfAnotherHost(instrument, services.GetRequiredService<IMeterFactory>())
                    ? MetricStreamConfiguration.Drop
                    : View(instrument, services.GetRequiredService<ProxyMeter>())
            )
            .AddReader(new BaseExportingMetricReader(services.GetRequiredService<PrometheusExporter>()));

    // The SDK knows meters by their names, and a process may have several hosts, embedded or in tests.
    private static bool IsOfAnotherHost(Instrument instrument, IMeterFactory ours) =>
        instrument.Meter.Scope is IMeterFactory factory && factory != ours;

    // The SDK keeps room for as many series as are allowed, so it is what the configuration needs, and no more.
    private static MetricStreamConfiguration? View(Instrument instrument, ProxyMeter meter) =>
        instrument.Meter.Name == ProxyMeter.Name
            ? new MetricStreamConfiguration { CardinalityLimit = meter.SeriesLimit(instrument.Name) }
            : null;
}
