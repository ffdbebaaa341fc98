using Microsoft.Extensions.DependencyInjection;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Resp;

/// <summary>Registers the protocol of Redis as a protocol of Multiplex.</summary>
internal static class RespServices
{
    public static void AddResp(this IServiceCollection services) => services.AddSingleton<IMessageFramer, RespFramer>();
}
