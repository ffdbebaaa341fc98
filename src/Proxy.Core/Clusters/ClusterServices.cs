using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Proxy.Clusters.Health;
using Proxy.Clusters.LoadBalancing;
using Proxy.Clusters.Resolution;
using Proxy.Clusters.Services;
using Proxy.Diagnostics;
using Proxy.Tls.Origination;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace Proxy.Clusters;

/// <summary>Registers picking, name resolution and dialing.</summary>
internal static class ClusterServices
{
    /// <summary>Adds the services. The caller provides a connection factory, a time provider and a random source.</summary>
    /// <param name="services">The container.</param>
    /// <returns>The same container.</returns>
    public static IServiceCollection AddTcpClusters(this IServiceCollection services)
    {
        services.TryAddEnumerable([
            ServiceDescriptor.Singleton<ITcpLoadBalancingPolicy, FirstAlphabeticalPolicy>(),
            ServiceDescriptor.Singleton<ITcpLoadBalancingPolicy, RandomPolicy>(),
            ServiceDescriptor.Singleton<ITcpLoadBalancingPolicy, PowerOfTwoChoicesPolicy>(),
            ServiceDescriptor.Singleton<ITcpLoadBalancingPolicy, RoundRobinPolicy>(),
            ServiceDescriptor.Singleton<ITcpLoadBalancingPolicy, SourceIpHashPolicy>(),
            ServiceDescriptor.Singleton<ILoadBalancingPolicy, HttpSourceIpHashPolicy>(),
        ]);
        services.AddSingleton<ConsistentHashPolicy>();
        services.AddSingleton<ITcpLoadBalancingPolicy>(static provider => provider.GetRequiredService<ConsistentHashPolicy>());
        services.AddSingleton<ILoadBalancingPolicy, HttpConsistentHashPolicy>();
        services.RemoveAll(static service => service.ImplementationType?.Name == "LeastRequestsLoadBalancingPolicy"); // YARP's, which is internal
        services.RemoveAll(static service => service.ImplementationType?.Name == "ConsecutiveFailuresHealthPolicy"); // the same
        services.AddSingleton<IActiveHealthCheckPolicy, RiseAndFallHealthPolicy>();
        foreach (var name in (string[])["LeastRequests", "LeastConnections"])
        {
            services.AddSingleton<ITcpLoadBalancingPolicy>(new LeastRequestsPolicy(name));
            services.AddSingleton<ILoadBalancingPolicy>(new HttpLeastRequestsPolicy(name));
        }

        services.TryAddSingleton<ConnectFailuresHealthPolicy>();
        services.AddSingleton<IPassiveHealthCheckPolicy>(static provider => provider.GetRequiredService<ConnectFailuresHealthPolicy>());
        services.TryAddSingleton(static provider => new DestinationResolver(provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(static provider => new ServiceDirectory(
            new SrvLookup().AskAsync,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ServiceDirectory>>()
        ));
        services.TryAddSingleton<ServiceClusters>();
        services.TryAddSingleton<AddressRace>();
        services.TryAddSingleton<DestinationPicker>();
        services.TryAddSingleton<DialReports>();
        services.TryAddSingleton<Originations>();
        services.TryAddSingleton<ConnectionOpening>();
        services.TryAddSingleton<Dialer>();
        LeaveOutDrained(services);
        RecordHealth(services);
        return services;
    }

    private static void RemoveAll(this IServiceCollection services, Predicate<ServiceDescriptor> which)
    {
        foreach (var service in services.Where(service => !service.IsKeyedService && which(service)).ToList())
        {
            services.Remove(service);
        }
    }

    private static void RecordHealth(IServiceCollection services)
    {
        // YARP registers its monitor as itself, and its interfaces as that.
        if (services.LastOrDefault(static service => IsMonitor(service.ImplementationType) && !service.IsKeyedService) is { } registered)
        {
            var monitor = registered.ImplementationType!;
            services.AddSingleton(
                registered.ServiceType,
                provider =>
                {
                    var recent = provider.GetRequiredService<RecentOutcomes>();
                    IActiveHealthCheckPolicy[] policies =
                    [
                        .. provider.GetServices<IActiveHealthCheckPolicy>().Select(policy => new RecordedActivePolicy(policy, recent)),
                    ];
                    return ActivatorUtilities.CreateInstance(provider, monitor, [policies]);
                }
            );
        }

        if (Implementation<IDestinationHealthUpdater>(services) is { } updater)
        {
            services.AddSingleton<IDestinationHealthUpdater>(provider => new RecordedHealthUpdater(
                (IDestinationHealthUpdater)ActivatorUtilities.CreateInstance(provider, updater),
                provider.GetRequiredService<RecentOutcomes>()
            ));
        }
    }

    private static bool IsMonitor(Type? type) => typeof(IActiveHealthCheckMonitor).IsAssignableFrom(type);

    // Null for what an application has replaced by a factory.
    private static Type? Implementation<T>(IServiceCollection services) =>
        services.LastOrDefault(static service => service.ServiceType == typeof(T))?.ImplementationType;

    // Wraps the policies when they are resolved, since an application may add its own after this.
    private static void LeaveOutDrained(IServiceCollection services)
    {
        services.TryAddSingleton<DrainedDestinations>();
        services.AddSingleton<IClusterChangeListener>(static provider => provider.GetRequiredService<DrainedDestinations>());
        if (Implementation<IClusterDestinationsUpdater>(services) is { } yarps)
        {
            services.AddSingleton(provider =>
            {
                var drained = provider.GetRequiredService<DrainedDestinations>();
                IAvailableDestinationsPolicy[] policies =
                [
                    .. provider
                        .GetServices<IAvailableDestinationsPolicy>()
                        .Select(policy => new UndrainedDestinationsPolicy(policy, drained)),
                ];
                var inner = (IClusterDestinationsUpdater)ActivatorUtilities.CreateInstance(provider, yarps, [policies]);
                return (IClusterDestinationsUpdater)ActivatorUtilities.CreateInstance<WatchedDestinationsUpdater>(provider, inner);
            });
        }
    }
}
