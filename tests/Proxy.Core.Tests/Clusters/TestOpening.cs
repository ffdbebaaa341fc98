using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Clusters;
using Proxy.Diagnostics;
using Proxy.Tls;
using Proxy.Tls.Certificates;
using Proxy.Tls.Origination;

namespace Proxy.Core.Tests.Clusters;

/// <summary>Makes what opens connections to destinations, for dialers and checks that a test makes by hand.</summary>
internal static class TestOpening
{
    private static readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public static ConnectionOpening Create(TimeProvider? time = null) => new(Originations(time), time ?? TimeProvider.System);

    public static Originations Originations(TimeProvider? time = null)
    {
        var clock = time ?? TimeProvider.System;
        var metrics = new TlsMetrics(new ProxyMeter(_services.GetRequiredService<IMeterFactory>()));
        return new(new CertificateStore(clock), metrics, clock);
    }
}
