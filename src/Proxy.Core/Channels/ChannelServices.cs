using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Channels.Tunnel;
using Proxy.Clusters.Resolution;
using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Diagnostics;
using Proxy.Limits;
using Proxy.Listeners;

namespace Proxy.Channels;

/// <summary>Registers channels.</summary>
internal static class ChannelServices
{
    /// <summary>Adds channels, which start with the first revision if it has the section Channels.</summary>
    public static IServiceCollection AddChannels(this IServiceCollection services)
    {
        services.TryAddSingleton(static provider => new CurrentChannels(
            provider.GetRequiredService<Lazy<Revision>>().Value.Config.Channels
        ));
        services.TryAddSingleton<ThisInstance>();
        AddTunnel(services);
        AddMembership(services);
        AddMonitoring(services);
        AddConnections(services);
        services.TryAddSingleton<ReadyProbe>();
        services.TryAddSingleton<OwnAddress>();
        services.TryAddSingleton<Announcement>();
        services.TryAddSingleton<MemberHistory>();
        services.TryAddSingleton<GroupMembers>();
        services.TryAddSingleton<ChannelReport>();
        services.TryAddSingleton<ChannelReconciler>();
        services.TryAddSingleton<ChannelHost>();
        services.TryAddSingleton(static provider => new ConnectorClusters(() => provider.GetRequiredService<ChannelMonitor>().Current));
        services.TryAddSingleton(static provider => new ChannelRegistry(
            provider.GetRequiredService<ChannelMonitor>(),
            provider.GetRequiredService<MemberDirectory>(),
            provider.GetRequiredService<MemberSuspicion>(),
            provider.GetRequiredService<MemberHistory>(),
            provider.GetRequiredService<ConnectionTracker>(),
            provider.GetRequiredService<CurrentChannels>(),
            provider.GetRequiredService<CallListeners>(),
            provider.GetRequiredService<ReadyProbe>(),
            provider.GetRequiredService<DrainedMembers>()
        ));
        return services;
    }

    private static void AddTunnel(IServiceCollection services)
    {
        services.TryAddSingleton(static provider =>
            TunnelSecurity.Of(
                provider.GetRequiredService<CurrentChannels>().Config.Tunnel,
                provider.GetRequiredService<CurrentChannels>().Config.Group,
                provider.GetRequiredService<ILogger<TunnelCredentials>>()
            )
        );
        services.TryAddSingleton(static _ => ByteBudget.OfProcess());
        services.TryAddSingleton(static provider => new TunnelPace(
            provider.GetRequiredService<ByteBudget>(),
            provider.GetRequiredService<TimeProvider>()
        ));
        services.TryAddSingleton(static provider => new TunnelConnectionFactory(
            provider.GetRequiredService<CurrentChannels>().Config.Tunnel,
            provider.GetRequiredService<TunnelSecurity>().Credentials,
            provider.GetRequiredService<ThisInstance>().Id,
            provider.GetRequiredService<TunnelPace>(),
            provider.GetRequiredService<ILogger<TunnelConnectionFactory>>(),
            provider.GetRequiredService<IConnectionFactory>()
        ));
        services.TryAddSingleton<ITunnelService, ServedTunnels>();
        services.TryAddSingleton(static provider => new TunnelServer(
            provider.GetRequiredService<CurrentChannels>().Config.Tunnel,
            provider.GetRequiredService<TunnelSecurity>().Credentials,
            provider.GetRequiredService<ITunnelService>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<TunnelPace>(),
            provider.GetRequiredService<ListenerManager>()
        ));
        services.TryAddSingleton<TunnelTrust>();
    }

    private static void AddMembership(IServiceCollection services)
    {
        services.TryAddSingleton<NameLookup>(static provider =>
            new LookupThreads(Dns.GetHostAddresses, provider.GetRequiredService<TimeProvider>()).LookUpAsync
        );
        services.TryAddSingleton(static provider => new MemberDirectory(
            provider.GetRequiredService<ThisInstance>().Id,
            () => provider.GetRequiredService<ThisInstance>().Address
        ));
        services.TryAddSingleton<HelloFeed>();
        services.TryAddSingleton<HelloReader>();
        services.TryAddSingleton(static provider => new HelloMembership(
            provider.GetRequiredService<HelloFeed>(),
            provider.GetRequiredService<HelloReader>(),
            provider.GetRequiredService<NameLookup>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<HelloMembership>>()
        ));
        services.TryAddSingleton(static provider => new ChosenMembership(
            provider.GetRequiredService<HelloMembership>(),
            provider.GetServices<IMembershipProvider>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ChosenMembership>>()
        ));
        services.TryAddSingleton(static provider => new MemberFile(
            provider.GetRequiredService<CurrentChannels>().Config.Loopback.MembersFile,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<MemberFile>>()
        ));
        services.TryAddSingleton(static provider =>
        {
            var channels = provider.GetRequiredService<CurrentChannels>();
            return new GuardedMembership(
                provider.GetRequiredService<ChosenMembership>(),
                () => provider.GetRequiredService<MemberFile>().Load(channels.Config.Membership),
                () => channels.Config.Membership.Guard,
                provider.GetRequiredService<HelloReader>().AskAsync,
                provider.GetRequiredService<TimeProvider>()
            );
        });
    }

    private static void AddMonitoring(IServiceCollection services)
    {
        services.TryAddSingleton(static provider => new ChannelMonitor(
            provider.GetRequiredService<ThisInstance>().Epoch,
            () =>
                provider.GetRequiredService<CurrentChannels>().IsStarted
                    ? provider.GetRequiredService<ThisInstance>().BindIp.ToString()
                    : "",
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ChannelMonitor>>()
        ));
        services.TryAddSingleton<IChannelMonitor>(static provider => provider.GetRequiredService<ChannelMonitor>());
        services.TryAddSingleton<NotificationMetrics>();
        services.TryAddSingleton(static _ => SecretValues.OfProcess());
        services.TryAddSingleton(static provider => new ChannelNotifier(
            provider.GetRequiredService<ChannelMonitor>(),
            provider
                .GetServices<ChannelStateSource>()
                .Select(static source => source.Sink)
                .Concat(provider.GetServices<INotificationSink>()),
            provider.GetRequiredService<NotificationMetrics>(),
            provider.GetRequiredService<SecretValues>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ChannelNotifier>>()
        ));
    }

    private static void AddConnections(IServiceCollection services)
    {
        services.TryAddSingleton<TunnelMetrics>();
        services.TryAddSingleton<TunnelAdmission>();
        services.TryAddSingleton<ServerDialer>();
        services.TryAddSingleton(static provider => new MemberSuspicion(
            provider.GetRequiredService<MemberDirectory>(),
            provider.GetRequiredService<HelloReader>().AskAsync,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<MemberSuspicion>>()
        ));
        services.TryAddSingleton<DrainedMembers>();
        services.TryAddSingleton<MemberBalancer>();
        services.TryAddSingleton<MemberDialer>();
        services.TryAddSingleton<CallPipelines>();
        services.TryAddSingleton(static provider => new LocalAddressBook(
            provider.GetRequiredService<CurrentChannels>().Config.Loopback.StateFile,
            provider.GetRequiredService<ILogger<LocalAddressBook>>()
        ));
        services.TryAddSingleton<CallPlan>();
        services.TryAddSingleton<CallListeners>();
        services.TryAddSingleton<ConnectionCutter>();
    }
}
