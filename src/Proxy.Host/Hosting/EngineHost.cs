using System.Runtime.CompilerServices;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Engine;
using Proxy.Etcd;

namespace Proxy.Host.Hosting;

/// <summary>Adds the engine. Its assemblies are loaded here, so that a host without one never loads them.</summary>
internal static class EngineHost
{
    /// <param name="proxy">The proxy.</param>
    /// <param name="engine">The section Engine.</param>
    /// <param name="channels">The section Channels, whose names the engine shares.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Add(TcpProxyBuilder proxy, EngineConfig engine, ChannelsConfig? channels) =>
        proxy.AddEtcdEngine(engine with { Group = engine.Group ?? channels?.Group, Instance = engine.Instance ?? channels?.Instance.Id });
}
