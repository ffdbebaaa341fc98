using Microsoft.Extensions.DependencyInjection;

namespace Proxy.Multiplexing.Framing.Http;

/// <summary>Registers HTTP/1.1 as a protocol of Multiplex.</summary>
internal static class HttpFramingServices
{
    public static void AddHttpFraming(this IServiceCollection services) => services.AddSingleton<IMessageFramer, Http1Framer>();
}
