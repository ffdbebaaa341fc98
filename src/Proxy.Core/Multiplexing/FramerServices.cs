using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Proxy.Multiplexing.Framers;

namespace Proxy.Multiplexing;

/// <summary>Registers the framers.</summary>
internal static class FramerServices
{
    public static void AddMessageFramers(this IServiceCollection services)
    {
        foreach (var framer in BuiltInFramers.All)
        {
            services.AddSingleton(framer);
        }

        services.TryAddSingleton<FramerRegistry>();
    }
}
