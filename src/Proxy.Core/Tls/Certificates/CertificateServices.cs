using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Proxy.Tls.Certificates;

/// <summary>Registers the certificates of TLS.</summary>
internal static class CertificateServices
{
    public static void AddCertificates(this IServiceCollection services)
    {
        services.TryAddSingleton<CertificateStore>();
        services.AddSingleton<IHostedService>(static provider => ActivatorUtilities.CreateInstance<CertificateFollower>(provider));
    }
}
