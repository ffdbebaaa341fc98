using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Proxy.Clusters.LoadBalancing;
using Proxy.Limits;
using Proxy.Timing;

namespace Proxy.Multiplexing;

/// <summary>Registers the sessions and their metrics.</summary>
internal static class MultiplexingServices
{
    public static void AddMultiplexing(this IServiceCollection services)
    {
        services.TryAddSingleton<MultiplexMetrics>();
        services.TryAddSingleton<SessionDialer>();
        services.TryAddSingleton<MessageTrace>();
        services.TryAddSingleton(static provider => new MultiplexRegistry(
            new(
                provider.GetRequiredService<SessionDialer>(),
                provider.GetRequiredService<MultiplexMetrics>(),
                provider.GetRequiredService<MessageTrace>(),
                provider.GetRequiredService<DeadlineClock>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ByteBudget>()
            )
        ));
        services.TryAddSingleton(static provider => new MultiplexDependencies(
            provider.GetRequiredService<MultiplexRegistry>(),
            provider.GetRequiredService<DestinationPicker>(),
            provider.GetRequiredService<MessageTrace>(),
            provider.GetRequiredService<DeadlineClock>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Random>()
        ));
    }
}
