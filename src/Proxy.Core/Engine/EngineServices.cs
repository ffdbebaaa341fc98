using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Proxy.Engine;

/// <summary>Registers what is known of the engine, of which there may be none.</summary>
internal static class EngineServices
{
    public static void AddEngine(this IServiceCollection services) => services.TryAddSingleton<EngineMetrics>();
}
