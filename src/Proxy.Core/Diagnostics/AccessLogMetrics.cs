using System.Diagnostics.Metrics;

namespace Proxy.Diagnostics;

/// <summary>What the access log lost, on the meter <see cref="ProxyMetrics.MeterName"/>.</summary>
internal sealed class AccessLogMetrics
{
    public AccessLogMetrics(IMeterFactory meters, AccessLog log) =>
        meters
            .Create(ProxyMetrics.MeterName)
            .CreateObservableCounter(
                "proxy.access_log.dropped",
                () => log.Dropped,
                "{line}",
                "Lines of the access log that were lost because its output was too slow or failed."
            );
}
