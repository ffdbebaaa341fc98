using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;

namespace Proxy.Clusters.Probing;

/// <summary>Registers active checks that connect: YARP's schedule then checks TCP destinations, too.</summary>
internal static class ProbeServices
{
    public static void AddTcpProbes(this IServiceCollection services)
    {
        ProbeUnixSockets(services);
        services.Replace(ServiceDescriptor.Singleton<IForwarderHttpClientFactory, TcpAwareForwarderHttpClientFactory>());
    }

    private static void ProbeUnixSockets(IServiceCollection services)
    {
        // A factory that the application has registered is not wrapped.
        if (
            services.LastOrDefault(static service => service.ServiceType == typeof(IProbingRequestFactory))?.ImplementationType is { } yarps
        )
        {
            services.AddSingleton<IProbingRequestFactory>(provider => new ConnectProbeRequestFactory(
                (IProbingRequestFactory)ActivatorUtilities.CreateInstance(provider, yarps)
            ));
        }
    }
}
