using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Proxy.Handover;

/// <summary>Registers what passes connections to Kestrel.</summary>
internal static class HandoverServices
{
    public static void AddHandover(this IServiceCollection services)
    {
        services.TryAddSingleton<HttpHandover>();
        services.TryAddSingleton<HandoverDependencies>();
        services.AddSingleton<IConnectionListenerFactory, HandoverListenerFactory>();
        services.AddSingleton<IStartupFilter, MisdirectedRequests>();
    }
}
