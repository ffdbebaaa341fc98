using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Channels.Membership;
using Proxy.Hooks;
using Proxy.Multiplexing.Framing;
using Proxy.Peeking.Detectors;
using Proxy.Revisions;

namespace Proxy;

/// <summary>Configures the TCP proxy.</summary>
/// <param name="services">The application's container.</param>
public sealed class TcpProxyBuilder(IServiceCollection services)
{
    /// <summary>The application's container.</summary>
    public IServiceCollection Services => services;

    /// <summary>
    /// Reads TCP and HTTP routes and clusters from a section, and follows its edits. The same section must not be given to YARP as well.
    /// </summary>
    /// <param name="section">The section <c>ReverseProxy</c>.</param>
    /// <returns>This builder.</returns>
    public TcpProxyBuilder LoadFromConfig(IConfiguration section)
    {
        services.AddSingleton(new ConfigInput(section, WholeDocument: false));
        return this;
    }

    /// <summary>Reads a whole document: the section <c>ReverseProxy</c>, and the host's sections beside it.</summary>
    /// <param name="root">The root of the configuration.</param>
    /// <returns>This builder.</returns>
    public TcpProxyBuilder LoadDocument(IConfigurationRoot root)
    {
        services.AddSingleton(new ConfigInput(root, WholeDocument: true));
        return this;
    }

    /// <summary>
    /// Adds a hook, which steps name: <c>{ "Hook": "name" }</c>. One object serves all routes. Of two hooks with the same name, the last
    /// one is used.
    /// </summary>
    /// <typeparam name="T">The type of the hook.</typeparam>
    /// <returns>This builder.</returns>
    public TcpProxyBuilder AddHook<T>()
        where T : class, IProxyHook
    {
        services.AddSingleton<IProxyHook, T>();
        return this;
    }

    /// <summary>
    /// Adds a membership provider for channels. The configuration names it by its <see cref="IMembershipProvider.Name"/> as
    /// <c>Channels:Membership:Provider</c>. Of two providers with the same name, the last one is used.
    /// </summary>
    /// <typeparam name="T">The type of the provider.</typeparam>
    /// <returns>This builder.</returns>
    public TcpProxyBuilder AddMembershipProvider<T>()
        where T : class, IMembershipProvider
    {
        services.AddSingleton<IMembershipProvider, T>();
        return this;
    }

    /// <summary>
    /// Adds a protocol that is recognized by a client's first bytes. Routes name it by its <see cref="IProtocolDetector.Name"/> in <c>Match:Protocols</c>.
    /// Of two with the same name, the last one is used.
    /// </summary>
    /// <typeparam name="T">The type of the detector; one instance serves all connections.</typeparam>
    /// <returns>This builder.</returns>
    public TcpProxyBuilder AddProtocolDetector<T>()
        where T : class, IProtocolDetector
    {
        services.AddSingleton<IProtocolDetector, T>();
        return this;
    }

    /// <summary>Adds a protocol for Multiplex. The configuration names it by its <see cref="IMessageFramer.Name"/>.</summary>
    /// <typeparam name="T">The type of the framer; one instance serves all connections.</typeparam>
    /// <returns>This builder.</returns>
    public TcpProxyBuilder AddFramer<T>()
        where T : class, IMessageFramer
    {
        services.AddSingleton<IMessageFramer, T>();
        return this;
    }
}
