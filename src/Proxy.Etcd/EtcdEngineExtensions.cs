using Microsoft.Extensions.DependencyInjection;
using Proxy.Configuration.Engine;

namespace Proxy.Etcd;

/// <summary>Adds the engine on etcd to a proxy.</summary>
public static class EtcdEngineExtensions
{
    /// <summary>Connects this host to the etcd cluster that the configuration names, at the start of the program.</summary>
    /// <param name="builder">The builder of the proxy.</param>
    /// <param name="config">The section Engine.</param>
    /// <returns>The same builder.</returns>
    public static TcpProxyBuilder AddEtcdEngine(this TcpProxyBuilder builder, EngineConfig config)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(config);
        builder.Services.AddSingleton(config);
        return builder;
    }
}
