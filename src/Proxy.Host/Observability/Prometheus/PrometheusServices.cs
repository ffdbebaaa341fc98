using OpenTelemetry.Metrics;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>Registers the meter provider and the services behind <c>/metrics</c>.</summary>
internal static class PrometheusServices
{
    /// <param name="services">The services of the host.</param>
    /// <param name="configure">Adds meters and further readers to each meter provider.</param>
    public static IServiceCollection AddPrometheus(this IServiceCollection services, Action<MeterProviderBuilder> configure)
    {
        services.AddSingleton(provider => new MeterProviders(provider, configure));
        services.AddSingleton<ScrapeCollector>();
        services.AddSingleton<PrometheusEndpoint>();
        services.AddHostedService<MeterProviderReplacer>();
        return services;
    }
}
