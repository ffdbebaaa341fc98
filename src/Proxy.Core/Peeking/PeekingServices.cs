using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Proxy.Peeking.Detectors;

namespace Proxy.Peeking;

/// <summary>Registers the protocols that are recognized by first bytes.</summary>
internal static class PeekingServices
{
    public static void AddPeeking(this IServiceCollection services)
    {
        services.TryAddSingleton<DetectorRegistry>();
        services.AddSingleton<IProtocolDetector, TlsDetector>();
        services.AddSingleton<IProtocolDetector, HttpDetector>();
        services.AddSingleton<IProtocolDetector, SshDetector>();
        services.AddSingleton<IProtocolDetector, PostgresDetector>();
        services.AddSingleton<IProtocolDetector, RdpDetector>();
        services.AddSingleton<IProtocolDetector, Socks5Detector>();
        services.AddSingleton<IProtocolDetector, MqttDetector>();
    }
}
