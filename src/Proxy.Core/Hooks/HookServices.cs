using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Proxy.Configuration.Reading;

namespace Proxy.Hooks;

/// <summary>Registers hooks.</summary>
internal static class HookServices
{
    public static void AddHooks(this IServiceCollection services)
    {
        services.TryAddSingleton(static _ => SecretValues.OfProcess());
        services.TryAddSingleton<HookListFactory>();
    }
}
