using Microsoft.Extensions.DependencyInjection;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Framing.Http;
using Proxy.Multiplexing.Memcached;
using Proxy.Multiplexing.Modbus;
using Proxy.Multiplexing.Resp;
using Proxy.Multiplexing.Scpi;

namespace Proxy.Routes;

/// <summary>Registers the protocols of the library, in the order in which they are listed.</summary>
internal static class ProtocolServices
{
    public static void AddProtocols(this IServiceCollection services)
    {
        services.AddFraming();
        services.AddModbus();
        services.AddHttpFraming();
        services.AddScpi();
        services.AddResp();
        services.AddMemcached();
    }
}
