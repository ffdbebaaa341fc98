using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Proxy.Locking;

/// <summary>Registers locks.</summary>
internal static class LockServices
{
    public static void AddLocking(this IServiceCollection services)
    {
        services.AddSingleton<IPermitStore, HostPermitStore>();
        services.TryAddSingleton<LockMetrics>();
        services.TryAddSingleton(static provider => new LockRegistry(
            provider.GetServices<IPermitStore>(),
            provider.GetRequiredService<LockMetrics>(),
            provider.GetRequiredService<TimeProvider>()
        ));
    }
}
