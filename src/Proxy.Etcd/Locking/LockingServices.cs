using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Engine;
using Proxy.Etcd.Client;
using Proxy.Locking;

namespace Proxy.Etcd.Locking;

/// <summary>Registers locks over all hosts.</summary>
internal static class LockingServices
{
    public static void AddGlobalLocks(this IServiceCollection services) =>
        services.AddSingleton<IPermitStore>(static provider =>
        {
            var identity = provider.GetRequiredService<EngineIdentity>();
            return new GlobalPermitStore(
                provider.GetRequiredService<IKeyStore>(),
                identity.Keys,
                new LockHost(identity.Instance, identity.Epoch),
                provider.GetRequiredService<EngineConfig>().Etcd!.Timeout,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<GlobalPermitStore>>()
            );
        });
}
