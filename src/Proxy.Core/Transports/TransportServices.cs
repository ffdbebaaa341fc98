using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Proxy.Connections;
using Proxy.Limits;
using Proxy.Timing;

namespace Proxy.Transports;

/// <summary>Registers the chosen transport and the services of its connections.</summary>
internal static class TransportServices
{
    public static void AddTransports(this IServiceCollection services)
    {
        services.TryAddSingleton(static _ => ByteBudget.OfProcess());
        services.TryAddSingleton(static provider => new BufferPool(provider.GetRequiredService<ByteBudget>()));
        services.TryAddSingleton<DeadlineClock>();
        services.TryAddSingleton<Relay>();
        services.TryAddSingleton<ConnectionDrain>();
        services.TryAddSingleton<TransportOptions>();
        services.TryAddSingleton<Transport>();
        services.TryAddSingleton(Resources.OfProcess);
        services.TryAddSingleton<ResourceMetrics>();
        services.AddSingleton<IHostedService>(static provider =>
        {
            _ = provider.GetRequiredService<ResourceMetrics>(); // created explicitly, since no other service depends on it
            return ActivatorUtilities.CreateInstance<RoomCheck>(provider);
        });
        services.TryAddSingleton(static provider => new TransportHealth(provider.GetRequiredService<Transport>()));
        services.TryAddSingleton(static provider => new EventLoops(provider.GetRequiredService<Transport>()));
        services.TryAddSingleton(static provider => provider.GetRequiredService<Transport>().Dialer);
        services.AddSingleton<IConnectionListenerFactory>(static provider => provider.GetRequiredService<Transport>().Listeners);
    }
}
