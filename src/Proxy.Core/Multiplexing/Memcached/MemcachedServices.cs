using Microsoft.Extensions.DependencyInjection;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Memcached;

/// <summary>Registers the text protocol of memcached as a protocol of Multiplex.</summary>
internal static class MemcachedServices
{
    public static void AddMemcached(this IServiceCollection services) => services.AddSingleton<IMessageFramer, MemcachedFramer>();
}
