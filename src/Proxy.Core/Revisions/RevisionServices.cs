using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Proxy.Admission;
using Proxy.Channels.Membership;
using Proxy.Clusters.Health;
using Proxy.Clusters.LoadBalancing;
using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Diagnostics;
using Proxy.Handover;
using Proxy.Hooks;
using Proxy.Multiplexing.Framing;
using Proxy.Peeking.Detectors;
using Proxy.Routes;
using Proxy.Tls.Certificates;
using Proxy.Tls.Termination;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.SessionAffinity;

namespace Proxy.Revisions;

/// <summary>Registers reading, applying, following and showing of the configuration.</summary>
internal static class RevisionServices
{
    public static void AddRevisions(this IServiceCollection services)
    {
        AddReading(services);
        AddApplying(services);
        AddShowing(services);
        services.AddSingleton<IHostedService>(static provider =>
        {
            // Created explicitly, since no other service depends on it or on the next one.
            _ = provider.GetRequiredService<AccessLogMetrics>();
            _ = provider.GetRequiredService<LimitMetrics>();
            _ = provider.GetRequiredService<HandshakeMetrics>();
            _ = provider.GetRequiredService<ConfigMetrics>();
            _ = provider.GetRequiredService<CertificateMetrics>();
            return ActivatorUtilities.CreateInstance<RevisionOwner>(provider);
        });
    }

    private static void AddReading(IServiceCollection services)
    {
        services.TryAddSingleton(static provider => new RevisionReader(
            () => Names(provider),
            provider.GetRequiredService<IConfigValidator>()
        ));
        services.TryAddSingleton(static provider => new Lazy<Revision>(() => ReadFirst(provider)));
    }

    private static void AddApplying(IServiceCollection services)
    {
        services.TryAddSingleton<YarpConfigProvider>();
        services.AddSingleton<IProxyConfigProvider>(static provider => provider.GetRequiredService<YarpConfigProvider>());
        services.AddSingleton<IConfigChangeListener>(static provider => provider.GetRequiredService<YarpConfigProvider>());
        services.TryAddSingleton<Drainer>();
        services.TryAddSingleton<RevisionApplier>();
        services.TryAddSingleton<RevisionFollower>();
    }

    private static void AddShowing(IServiceCollection services)
    {
        services.TryAddSingleton<ProxyStatus>();
        services.TryAddSingleton<ConfigMetrics>();
        services.TryAddSingleton(static provider => new CertificateInventory(
            provider.GetRequiredService<CertificateStore>(),
            provider.GetRequiredService<ProxyStatus>(),
            provider.GetRequiredService<TimeProvider>()
        ));
        services.TryAddSingleton<CertificateMetrics>();
        services.TryAddSingleton(static provider => new ConfigInspector(
            provider.GetRequiredService<ConfigInput>(),
            provider.GetRequiredService<RevisionReader>(),
            provider.GetRequiredService<ProxyStatus>()
        ));
        services.TryAddSingleton(static provider => new ClusterRegistry(
            provider.GetRequiredService<IProxyStateLookup>(),
            provider.GetRequiredService<IClusterDestinationsUpdater>(),
            provider.GetRequiredService<DrainedDestinations>(),
            provider.GetRequiredService<ConnectionTracker>(),
            provider.GetRequiredService<RequestMetrics>(),
            provider.GetRequiredService<RecentOutcomes>(),
            provider.GetRequiredService<ProxyStatus>()
        ));
    }

    /// <summary>The names that are registered in code.</summary>
    public static ConfigNames Names(IServiceProvider provider) =>
        new()
        {
            LoadBalancingPolicies = [.. provider.GetServices<ITcpLoadBalancingPolicy>().Select(static policy => policy.Name)],
            HttpLoadBalancingPolicies = [.. provider.GetServices<ILoadBalancingPolicy>().Select(static policy => policy.Name)],
            PassiveHealthPolicies = [.. provider.GetServices<IPassiveHealthCheckPolicy>().Select(static policy => policy.Name)],
            AffinityPolicies = [.. provider.GetServices<ISessionAffinityPolicy>().Select(static policy => policy.Name)],
            AffinityFailurePolicies = [.. provider.GetServices<IAffinityFailurePolicy>().Select(static policy => policy.Name)],
            ActiveHealthPolicies = [.. provider.GetServices<IActiveHealthCheckPolicy>().Select(static policy => policy.Name)],
            AvailableDestinationsPolicies = [.. provider.GetServices<IAvailableDestinationsPolicy>().Select(static policy => policy.Name)],
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
            Detectors = provider.GetRequiredService<DetectorRegistry>().Names,
            MembershipProviders = [.. provider.GetServices<IMembershipProvider>().Select(static membership => membership.Name)],
            KestrelRoutes = provider.GetRequiredService<MountedRoutes>().Ids,
            ServesHttp = provider.GetRequiredService<HttpHandover>().Limits is not null,
        };

    private static Revision ReadFirst(IServiceProvider provider)
    {
        // The mounted routes are known once Kestrel's options have been created.
        _ = provider.GetService<IOptions<KestrelServerOptions>>()?.Value;
        var input = provider.GetRequiredService<ConfigInput>();
        var stopping = provider.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
        var result = provider.GetRequiredService<RevisionReader>().Read(input.Configuration, input.WholeDocument, stopping);
        return result.Revision ?? throw new InvalidConfigException(result.Errors);
    }
}
