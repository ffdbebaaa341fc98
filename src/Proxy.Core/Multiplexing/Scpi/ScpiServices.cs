using Microsoft.Extensions.DependencyInjection;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Scpi;

/// <summary>Registers SCPI as a protocol of Multiplex.</summary>
internal static class ScpiServices
{
    public static void AddScpi(this IServiceCollection services) => services.AddSingleton<IMessageFramer, ScpiFramer>();
}
