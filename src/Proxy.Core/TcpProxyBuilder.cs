using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Channels.Membership;
using Proxy.Hooks;
using Proxy.Multiplexing.Framing;
using Proxy.Revisions;

namespace Proxy;

/// <summary>Takes what the TCP proxy needs to know.</summary>
/// <param name="services">The application's container.</param>
public sealed class TcpProxyBuilder(IServiceCollection services)
{
    /// <summary>The application's container.</summary>
    public IServiceCollection Services => services;

    /// <summary>Reads TCP and HTTP routes and clusters from a section, and follows its edits. Do not give the same section to YARP as well.</summary>
    /// <param name="section">The section <c>ReverseProxy</c>.</param>
    /// <returns>This builder.</returns>
    public TcpProxyBuilder LoadFromConfig(IConfiguration section)
    {
        services.AddSingleton(new ConfigurationInput(section, WholeDocument: false));
        return this;
    }

    /// <summary>Reads a whole document: the section <c>ReverseProxy</c> and the host's own beside it.</summary>
    /// <param name="root">The configuration's root.</param>
    /// <returns>This builder.</returns>
    public TcpProxyBuilder LoadDocument(IConfigurationRoot root)
    {
        services.AddSingleton(new ConfigurationInput(root, WholeDocument: true));
        return this;
    }

    /// <summary>Adds a hook, which steps name: <c>{ "Hook": "name" }</c>. One object serves all routes; of two with one name the last is used.</summary>
    /// <typeparam name="T">The hook.</typeparam>
    /// <returns>This builder.</returns>
    public TcpProxyBuilder AddHook<T>()
        where T : class, IProxyHook
    {
        services.AddSingleton<IProxyHook, T>();
        return this;
    }

    /// <summary>
    /// Adds a provider of the instances that channels reach: configuration names it by its <see cref="IMembershipProvider.Name"/> as
    /// <c>Channels:Membership:Provider</c>. Of two with one name the last is used.
    /// </summary>
    /// <typeparam name="T">The provider.</typeparam>
    /// <returns>This builder.</returns>
    public TcpProxyBuilder AddMembershipProvider<T>()
        where T : class, IMembershipProvider
    {
        services.AddSingleton<IMembershipProvider, T>();
        return this;
    }

    /// <summary>Adds a protocol for Multiplex: configuration names it by its <see cref="IMessageFramer.Name"/>.</summary>
    /// <typeparam name="T">The framer; one instance serves all connections.</typeparam>
    /// <returns>This builder.</returns>
    public TcpProxyBuilder AddFramer<T>()
        where T : class, IMessageFramer
    {
        services.AddSingleton<IMessageFramer, T>();
        return this;
    }
}
