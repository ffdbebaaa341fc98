using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Membership;

/// <summary>Registers the membership provider and the claims of addresses.</summary>
internal static class MembershipServices
{
    private const string EpochsExtension = ".epoch";

    public static IServiceCollection AddMembership(this IServiceCollection services)
    {
        services.AddSingleton(static provider => new EngineAddresses(
            provider.GetRequiredService<IKeyStore>(),
            provider.GetRequiredService<EngineIdentity>().Keys,
            Report(provider),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<EngineAddresses>>()
        ));
        services.AddSingleton<IAddressClaims>(static provider => provider.GetRequiredService<EngineAddresses>());
        services.AddSingleton<IMembershipProvider>(static provider => new EngineMembership(
            provider.GetRequiredService<IKeyStore>(),
            provider.GetRequiredService<EngineIdentity>().Keys,
            provider.GetRequiredService<EngineAddresses>(),
            () => Path.ChangeExtension(provider.GetRequiredService<CurrentChannels>().Config.Loopback.StateFile, EpochsExtension),
            Report(provider),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<EngineMembership>>()
        ));
        return services;
    }

    // Channels are asked for when they are needed: their parts ask for the configuration, which is read with the names of providers.
    private static Action<string> Report(IServiceProvider provider) =>
        message => provider.GetRequiredService<ChannelMonitor>().OnError(message);
}
