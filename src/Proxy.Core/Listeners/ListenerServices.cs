using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Proxy.Transports;

namespace Proxy.Listeners;

/// <summary>Registers the <see cref="ListenerManager"/>.</summary>
internal static class ListenerServices
{
    public static void AddListeners(this IServiceCollection services) =>
        services.TryAddSingleton(static provider => new ListenerManager(
            provider.GetRequiredService<Transport>().Listeners,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ListenerManager>>()
        ));
}
