using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Proxy.Forwarding;

/// <summary>Registers forwarding.</summary>
internal static class ForwardingServices
{
    public static void AddForwarding(this IServiceCollection services) => services.TryAddSingleton<ForwardDependencies>();
}
