using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Proxy.Channels;
using Proxy.Conditions.Rules;
using Proxy.Configuration.Engine;
using Proxy.Engine;
using Proxy.Etcd.Client;
using Proxy.Revisions;

namespace Proxy.Etcd.Fleet;

/// <summary>Registers the fleet: this host in it, the others, and what all of them drain.</summary>
internal static class FleetServices
{
    // Beyond the time of a lease, which the engine may end a little late.
    private static readonly TimeSpan _margin = TimeSpan.FromSeconds(5);

    public static void AddFleet(this IServiceCollection services)
    {
        services.TryAddSingleton(static _ => new HostDescription(ProgramVersion(), null));
        services.AddSingleton(static provider => new FleetDirectory(
            provider.GetRequiredService<EngineIdentity>().Keys,
            provider.GetRequiredService<EngineIdentity>().Instance,
            provider.GetRequiredService<TimeProvider>()
        ));
        services.AddSingleton<IFleet>(static provider => provider.GetRequiredService<FleetDirectory>());
        services.AddSingleton(CreateDrains);
        services.AddSingleton<IFleetDrains>(static provider => provider.GetRequiredService<FleetDrains>());
        services.AddSingleton(CreateRegistration);
        services.AddSingleton<FleetMetrics>();
        services.AddSingleton<IConditionSource, FleetConditions>();
        services.AddSingleton<IHostedService>(static provider =>
        {
            _ = provider.GetRequiredService<FleetMetrics>(); // created explicitly, since no other service depends on it
            return ActivatorUtilities.CreateInstance<FleetService>(provider);
        });
    }

    private static FleetDrains CreateDrains(IServiceProvider provider)
    {
        var identity = provider.GetRequiredService<EngineIdentity>();
        return new(
            provider.GetRequiredService<IKeyStore>(),
            identity.Keys,
            identity.Instance,
            drains =>
            {
                provider.GetRequiredService<ClusterRegistry>().DrainForAll(drains);
                provider.GetRequiredService<ChannelRegistry>().DrainForAll(drains);
            },
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<FleetDrains>>()
        );
    }

    private static HostRegistration CreateRegistration(IServiceProvider provider)
    {
        var identity = provider.GetRequiredService<EngineIdentity>();
        var time = provider.GetRequiredService<TimeProvider>();
        var facts = new HostFacts(
            identity.Instance,
            identity.Epoch,
            provider.GetRequiredService<HostDescription>(),
            provider.GetRequiredService<ProxyStatus>(),
            provider.GetRequiredService<ConditionRegistry>(),
            time
        );
        return new(
            provider.GetRequiredService<IKeyStore>(),
            identity.Keys.Host(identity.Instance),
            facts.Read,
            provider.GetRequiredService<FleetDirectory>(),
            provider.GetRequiredService<EngineConfig>().Etcd!.LeaseTime + _margin,
            time,
            provider.GetRequiredService<ILogger<HostRegistration>>()
        );
    }

    private static string ProgramVersion() =>
        Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
}
