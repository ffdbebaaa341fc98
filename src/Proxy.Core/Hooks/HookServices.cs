using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Proxy.Hooks;

/// <summary>Registers hooks.</summary>
internal static class HookServices
{
    public static void AddHooks(this IServiceCollection services) => services.TryAddSingleton<HookListFactory>();
}
