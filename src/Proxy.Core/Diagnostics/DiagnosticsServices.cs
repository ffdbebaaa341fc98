using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Proxy.Diagnostics;

/// <summary>Registers the connection tracker, metrics and the access log.</summary>
internal static class DiagnosticsServices
{
    public static void AddDiagnostics(this IServiceCollection services)
    {
        services.AddMetrics();
        services.TryAddSingleton<ConnectionTracker>();
        services.TryAddSingleton<ProxyMeter>();
        services.TryAddSingleton(static provider => new RecentOutcomes(provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<ProxyMetrics>();
        services.TryAddSingleton<RequestMetrics>();
        services.TryAddSingleton<TrafficHistory>();
        services.TryAddSingleton(static _ => new AccessLog(null));
        services.TryAddSingleton<AccessLogMetrics>();
        services.TryAddSingleton<TrackingMiddleware>();
    }
}
