using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Proxy.Tls;

/// <summary>Registers what both sides of TLS share.</summary>
internal static class TlsServices
{
    public static void AddTls(this IServiceCollection services) => services.TryAddSingleton<TlsMetrics>();
}
