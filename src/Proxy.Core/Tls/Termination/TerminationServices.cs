using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Proxy.Tls.Termination;

/// <summary>Registers the termination of TLS.</summary>
internal static class TerminationServices
{
    public static void AddTermination(this IServiceCollection services)
    {
        services.TryAddSingleton<HandshakeGates>();
        services.TryAddSingleton<HandshakeLogs>();
        services.TryAddSingleton<HandshakeMetrics>();
        services.TryAddSingleton<TerminationDependencies>();
    }
}
