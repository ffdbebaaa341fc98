using System.Diagnostics.Metrics;
using Proxy.Diagnostics;

namespace Proxy.Revisions;

/// <summary>The metric of the certificates in use.</summary>
internal sealed class CertificateMetrics
{
    private readonly CertificateInventory _certificates;

    public CertificateMetrics(ProxyMeter meter, CertificateInventory certificates)
    {
        _certificates = certificates;
        meter.Instruments.CreateObservableGauge(
            "proxy.tls.certificate.expiry",
            Observe,
            "s",
            "When the certificate in use ends, in seconds since 1970-01-01T00:00:00Z."
        );
    }

    // Keys rather than files: two keys may name one file with different passwords or keys.
    private IEnumerable<Measurement<long>> Observe() =>
        _certificates
            .Certificates()
            .Select(static one => new Measurement<long>(
                one.Certificate.Loaded.NotAfter.ToUnixTimeSeconds(),
                new("proxy.tls.certificate.key", one.Key),
                new KeyValuePair<string, object?>("proxy.tls.certificate.path", one.Certificate.Config.Path)
            ));
}
