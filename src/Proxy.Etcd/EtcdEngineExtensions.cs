using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Engine;
using Proxy.Engine;
using Proxy.Etcd.Client;
using Proxy.Etcd.Fleet;
using Proxy.Etcd.Locking;
using Proxy.Etcd.Membership;
using Proxy.Timing;
using Proxy.Tls.Certificates;

namespace Proxy.Etcd;

/// <summary>Adds the engine on etcd to a proxy.</summary>
public static class EtcdEngineExtensions
{
    /// <summary>
    /// Connects this host to the etcd cluster that the configuration names, from the start of the program to its end. A cluster that is away is waited for in the
    /// background.
    /// </summary>
    /// <param name="builder">The builder of the proxy.</param>
    /// <param name="config">The section Engine, with Etcd. Without names the group is <c>default</c>, and the instance has the name of the machine.</param>
    /// <returns>The same builder.</returns>
    public static TcpProxyBuilder AddEtcdEngine(this TcpProxyBuilder builder, EngineConfig config)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(config);
        var complete = EngineNames.Complete(config, null, Environment.MachineName);
        var etcd = complete.Etcd ?? throw new ArgumentException("Etcd is required.", nameof(config));
        var services = builder.Services;
        services.AddSingleton(complete);
        services.AddSingleton(EngineIdentity.Of(complete));
        // There is one already if the configuration was read from the engine.
        services.TryAddSingleton(provider => new EtcdClient(
            etcd,
            provider.GetRequiredService<CertificateStore>(),
            provider.GetRequiredService<EngineMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            SuspendAwareTime.OfProcess,
            provider.GetRequiredService<Random>(),
            provider.GetRequiredService<ILogger<EtcdClient>>()
        ));
        services.AddSingleton<IKeyStore>(static provider => provider.GetRequiredService<EtcdClient>());
        services.AddSingleton<IEngine>(static provider => provider.GetRequiredService<EtcdClient>());
        services.AddGlobalLocks();
        services.AddSingleton<IHostedService>(static provider => ActivatorUtilities.CreateInstance<EtcdEngineService>(provider));
        services.AddMembership();
        services.AddFleet();
        return builder;
    }
}
