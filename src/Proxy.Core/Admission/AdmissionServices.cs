using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Proxy.Admission;

/// <summary>Registers limits.</summary>
internal static class AdmissionServices
{
    public static void AddAdmission(this IServiceCollection services)
    {
        services.TryAddSingleton<Limiters>();
        services.TryAddSingleton<LimitMetrics>();
        services.AddHostedService<SourceSweeper>();
    }
}
