using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Proxy.Admission;
using Proxy.Channels;
using Proxy.Clusters;
using Proxy.Clusters.Probing;
using Proxy.Conditions.Rules;
using Proxy.Configuration;
using Proxy.Diagnostics;
using Proxy.Engine;
using Proxy.Forwarding;
using Proxy.Handover;
using Proxy.Hooks;
using Proxy.Listeners;
using Proxy.Locking;
using Proxy.Multiplexing;
using Proxy.Peeking;
using Proxy.Revisions;
using Proxy.Routes;
using Proxy.Timing;
using Proxy.Tls;
using Proxy.Tls.Certificates;
using Proxy.Tls.Termination;
using Proxy.Transports;
using Yarp.ReverseProxy;

namespace Proxy;

/// <summary>Adds the TCP proxy to an ASP.NET Core application.</summary>
public static class TcpProxyExtensions
{
    /// <summary>Adds YARP, and TCP routes beside it. Clusters are loaded when the application calls <c>MapReverseProxy()</c>.</summary>
    /// <param name="services">The application's container.</param>
    /// <returns>A builder that configures the proxy.</returns>
    /// <remarks>
    /// The application's own <c>AddReverseProxy()</c>, if any, has to come before, since YARP registers its policies again at each call.
    /// </remarks>
    public static TcpProxyBuilder AddTcpProxy(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (Has<RevisionReader>(services))
        {
            return new TcpProxyBuilder(services);
        }

        services.TryAddSingleton<TimeProvider>(RunningTime.OfProcess); // before YARP adds its own
        if (!Has<IProxyStateLookup>(services))
        {
            services.AddReverseProxy();
        }

        services.TryAddSingleton(Random.Shared);
        services.AddDiagnostics();
        services.AddTransports();
        services.AddListeners();
        services.AddAdmission();
        services.AddPeeking();
        services.AddTls();
        services.AddCertificates();
        services.AddTermination();
        services.AddTcpClusters();
        services.AddTcpProbes();
        services.AddForwarding();
        services.AddHandover();
        services.AddHooks();
        services.AddLocking();
        services.AddProtocols();
        services.AddMultiplexing();
        services.AddChannels();
        services.AddEngine();
        services.AddRoutes();
        services.AddRevisions();
        services.AddConditions();
        return new TcpProxyBuilder(services);
    }

    /// <summary>Reads and validates a document without running it.</summary>
    /// <param name="root">The root of the configuration.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>A revision, or all errors.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ReadResult Check(IConfigurationRoot root, CancellationToken cancellationToken = default)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddTcpProxy();
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<RevisionReader>().Read(root, wholeDocument: true, cancellationToken);
    }

    /// <summary>Generates the JSON schema (draft 2020-12) of whole documents, with the names of what comes with this library.</summary>
    /// <returns>The schema's text, indented. It has descriptions if the documentation files are beside the assemblies.</returns>
    public static string GenerateSchema()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddTcpProxy();
        using var provider = services.BuildServiceProvider();
        return ProxyDocument.GenerateSchema(RevisionServices.Names(provider));
    }

    private static bool Has<T>(IServiceCollection services) => services.Any(static service => service.ServiceType == typeof(T));
}
