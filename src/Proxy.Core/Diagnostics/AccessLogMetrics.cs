namespace Proxy.Diagnostics;

/// <summary>The metric of lost lines of the access log, in the meter <see cref="ProxyMeter.Name"/>.</summary>
internal sealed class AccessLogMetrics
{
    public AccessLogMetrics(ProxyMeter meter, AccessLog log) =>
        meter.Instruments.CreateObservableCounter(
            "proxy.access_log.dropped",
            () => log.Dropped,
            "{line}",
            "Lines of the access log that were lost because its output was too slow or failed."
        );
}
