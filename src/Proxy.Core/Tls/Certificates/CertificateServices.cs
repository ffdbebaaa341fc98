using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Proxy.Tls.Certificates;

/// <summary>Registers the certificates of TLS.</summary>
internal static class CertificateServices
{
    public static void AddCertificates(this IServiceCollection services) => services.TryAddSingleton<CertificateStore>();
}
