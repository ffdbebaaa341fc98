using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Clusters;
using Proxy.Clusters.LoadBalancing;
using Proxy.Configuration;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Forwarding;
using Proxy.Hooks;
using Proxy.Listeners;
using Proxy.Locking;
using Proxy.Multiplexing;
using Proxy.Multiplexing.Framing;
using Proxy.Timing;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.LoadBalancing;

namespace Proxy;

/// <summary>Adds the TCP proxy to an ASP.NET Core application.</summary>
public static class TcpProxyExtensions
{
    /// <summary>Adds YARP and TCP routes beside it. Clusters load when the application calls <c>MapReverseProxy()</c>.</summary>
    /// <param name="services">The application's container.</param>
    /// <returns>A builder that takes the configuration.</returns>
    /// <remarks>An <c>AddReverseProxy()</c> of the application's own has to come before: YARP registers its policies anew at each call.</remarks>
    public static TcpProxyBuilder AddTcpProxy(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (Has<RevisionReader>(services))
        {
            return new TcpProxyBuilder(services);
        }

        if (!Has<IProxyStateLookup>(services))
        {
            services.AddReverseProxy();
        }

        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(Random.Shared);
        services.TryAddSingleton<BufferPool>();
        services.TryAddSingleton<DeadlineClock>();
        services.TryAddSingleton<ConnectionTracker>();
        services.TryAddSingleton<ProxyMeter>();
        services.TryAddSingleton<ProxyMetrics>();
        services.TryAddSingleton(static _ => new AccessLog(null));
        services.TryAddSingleton<AccessLogMetrics>();
        services.TryAddSingleton<TrackingMiddleware>();
        services.TryAddSingleton<Relay>();
        services.TryAddSingleton<TransportOptions>();
        services.TryAddSingleton<Transport>();
        services.TryAddSingleton(static provider => new TransportHealth(provider.GetRequiredService<Transport>()));
        services.AddSingleton<IConnectionListenerFactory>(static provider => provider.GetRequiredService<Transport>().Listeners);
        services.TryAddSingleton(static provider => provider.GetRequiredService<Transport>().Dialer);
        services.TryAddSingleton(static provider => new ListenerManager(
            provider.GetRequiredService<Transport>().Listeners,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ListenerManager>>()
        ));
        services.AddTcpClusters();
        services.TryAddSingleton<HookListFactory>();
        services.TryAddSingleton<ForwardServices>();
        services.AddSingleton<IPermitStore, HostPermitStore>();
        services.TryAddSingleton<LockMetrics>();
        services.TryAddSingleton(static provider => new LockRegistry(
            provider.GetServices<IPermitStore>(),
            provider.GetRequiredService<LockMetrics>(),
            provider.GetRequiredService<TimeProvider>()
        ));
        services.TryAddSingleton<LockRouteFactory>();
        services.AddProtocols();
        services.AddMultiplexing();
        services.TryAddSingleton<MultiplexRouteFactory>();
        services.TryAddSingleton<PipelineBuilder>();
        services.TryAddSingleton<MountedRoutes>();
        services.TryAddSingleton<RevisionPipelines>();
        services.TryAddSingleton<Drainer>();
        services.AddChannels();
        services.TryAddSingleton<ProxyStatus>();
        services.TryAddSingleton<ConfigurationMetrics>();
        services.TryAddSingleton(static provider => new EventLoops(provider.GetRequiredService<Transport>()));
        services.TryAddSingleton(static provider => new ConfigurationInspector(
            provider.GetRequiredService<ConfigurationInput>(),
            provider.GetRequiredService<RevisionReader>(),
            provider.GetRequiredService<ProxyStatus>()
        ));
        services.TryAddSingleton(static provider => new ClusterRegistry(
            provider.GetRequiredService<IProxyStateLookup>(),
            provider.GetRequiredService<IClusterDestinationsUpdater>(),
            provider.GetRequiredService<DrainedDestinations>(),
            provider.GetRequiredService<ConnectionTracker>(),
            provider.GetRequiredService<ProxyStatus>()
        ));
        AddOwner(services);
        return new TcpProxyBuilder(services);
    }

    /// <summary>Reads and checks a document without running it.</summary>
    /// <param name="root">The configuration's root.</param>
    /// <returns>A revision, or all errors.</returns>
    public static ReadResult Check(IConfigurationRoot root)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddTcpProxy();
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<RevisionReader>().Read(root, wholeDocument: true);
    }

    private static bool Has<T>(IServiceCollection services) => services.Any(static service => service.ServiceType == typeof(T));

    private static ConfigurationNames Names(IServiceProvider provider) =>
        new()
        {
            LoadBalancingPolicies = [.. provider.GetServices<ITcpLoadBalancingPolicy>().Select(static policy => policy.Name)],
            HttpLoadBalancingPolicies = [.. provider.GetServices<ILoadBalancingPolicy>().Select(static policy => policy.Name)],
            PassiveHealthPolicies = [.. provider.GetServices<IPassiveHealthCheckPolicy>().Select(static policy => policy.Name)],
            Hooks = [.. provider.GetServices<IProxyHook>().Select(static hook => hook.Name)],
            Protocols =
            [
                .. provider
                    .GetRequiredService<FramerRegistry>()
                    .Framers.Select(static framer => new ProtocolName(
                        framer.Name,
                        framer.Correlation is not null,
                        framer.RepliesInOrder,
                        framer.Rules.Family,
                        (framer as LengthFieldFramer)?.Field.End,
                        framer.MaxBytes
                    )),
            ],
            MembershipProviders = [.. provider.GetServices<IMembershipProvider>().Select(static membership => membership.Name)],
            KestrelRoutes = provider.GetRequiredService<MountedRoutes>().Ids,
        };

    private static void AddOwner(IServiceCollection services)
    {
        services.TryAddSingleton(static provider => new RevisionReader(
            () => Names(provider),
            provider.GetRequiredService<IConfigValidator>()
        ));
        services.TryAddSingleton(static provider => new Lazy<Revision>(() => ReadFirst(provider)));
        services.TryAddSingleton<YarpConfigProvider>();
        services.AddSingleton<IProxyConfigProvider>(static provider => provider.GetRequiredService<YarpConfigProvider>());
        services.AddSingleton<IConfigChangeListener>(static provider => provider.GetRequiredService<YarpConfigProvider>());
        services.AddSingleton<IHostedService>(static provider =>
        {
            _ = provider.GetRequiredService<AccessLogMetrics>(); // which nobody else asks for, nor for the next
            _ = provider.GetRequiredService<ConfigurationMetrics>();
            return ActivatorUtilities.CreateInstance<RevisionOwner>(provider);
        });
    }

    private static Revision ReadFirst(IServiceProvider provider)
    {
        // Mounted routes are known once Kestrel's options have been made.
        _ = provider.GetService<IOptions<KestrelServerOptions>>()?.Value;
        var input = provider.GetRequiredService<ConfigurationInput>();
        var result = provider.GetRequiredService<RevisionReader>().Read(input.Configuration, input.WholeDocument);
        return result.Revision ?? throw new InvalidConfigurationException(result.Errors);
    }
}
