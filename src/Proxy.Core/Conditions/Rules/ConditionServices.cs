using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Proxy.Diagnostics;

namespace Proxy.Conditions.Rules;

/// <summary>Registers the conditions, and the history of the last minutes.</summary>
internal static class ConditionServices
{
    public static void AddConditions(this IServiceCollection services)
    {
        services.TryAddSingleton<CertificateConditions>();
        services.TryAddSingleton<DeviceConditions>();
        services.TryAddSingleton(PortShortages.OfProcess);
        services.TryAddSingleton<ResourceConditions>();
        services.TryAddEnumerable([
            ServiceDescriptor.Singleton<IConditionSource, RouteConditions>(),
            ServiceDescriptor.Singleton<IConditionSource, DestinationConditions>(),
            ServiceDescriptor.Singleton<IConditionSource, LockConditions>(),
            ServiceDescriptor.Singleton<IConditionSource, LimitConditions>(),
            ServiceDescriptor.Singleton<IConditionSource, DeviceConditions>(static provider =>
                provider.GetRequiredService<DeviceConditions>()
            ),
            ServiceDescriptor.Singleton<IConditionSource, ChannelConditions>(),
            ServiceDescriptor.Singleton<IConditionSource, EngineConditions>(),
            ServiceDescriptor.Singleton<IConditionSource, ConfigurationConditions>(),
            ServiceDescriptor.Singleton<IConditionSource, DocumentConditions>(),
            ServiceDescriptor.Singleton<IConditionSource, CertificateConditions>(static provider =>
                provider.GetRequiredService<CertificateConditions>()
            ),
            ServiceDescriptor.Singleton<IConditionSource, LogConditions>(),
            ServiceDescriptor.Singleton<IConditionSource, ResourceConditions>(static provider =>
                provider.GetRequiredService<ResourceConditions>()
            ),
        ]);
        services.TryAddSingleton(static provider => new ConditionRegistry(provider.GetServices<IConditionSource>()));
        services.TryAddSingleton<ConditionMetrics>();
        services.AddSingleton<IHostedService>(static provider =>
        {
            _ = provider.GetRequiredService<ConditionMetrics>(); // created explicitly, since no other service depends on it
            return ActivatorUtilities.CreateInstance<HistorySampler>(provider);
        });
    }
}
