using OpenTelemetry.Metrics;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>Adds the meter provider, and what serves <c>/metrics</c> from it.</summary>
internal static class PrometheusServices
{
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Adds meters and other readers to each meter provider.</param>
    public static IServiceCollection AddPrometheus(this IServiceCollection services, Action<MeterProviderBuilder> configure)
    {
        services.AddSingleton(provider => new MeterProviders(provider, configure));
        services.AddSingleton<ScrapeCollector>();
        services.AddSingleton<PrometheusEndpoint>();
        services.AddHostedService<MeterRenewal>();
        return services;
    }
}
