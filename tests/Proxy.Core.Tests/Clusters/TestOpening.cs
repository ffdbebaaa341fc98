using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Clusters;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Tls;
using Proxy.Tls.Certificates;
using Proxy.Tls.Origination;
using Proxy.Tls.Termination;

namespace Proxy.Core.Tests.Clusters;

/// <summary>Makes what opens connections to destinations, for dialers and checks that a test makes by hand.</summary>
internal static class TestOpening
{
    private static readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public static ConnectionOpening Create(TimeProvider? time = null) => new(Originations(time), time ?? TimeProvider.System);

    public static Originations Originations(TimeProvider? time = null) =>
        new(Certificates(time), Metrics(), time ?? TimeProvider.System, NullLogger<TlsOrigination>.Instance);

    public static TerminationDependencies Termination(TimeProvider? time = null) =>
        new(
            Certificates(time),
            new(),
            Metrics(),
            new BufferPool(),
            time ?? TimeProvider.System,
            new HandshakeLogs(TimeProvider.System, NullLogger<TlsTerminator>.Instance)
        );

    private static CertificateStore Certificates(TimeProvider? time) =>
        new(time ?? TimeProvider.System, NullLogger<CertificateStore>.Instance);

    private static TlsMetrics Metrics() => new(new ProxyMeter(_services.GetRequiredService<IMeterFactory>()));
}
