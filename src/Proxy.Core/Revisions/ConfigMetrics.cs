using Proxy.Diagnostics;

namespace Proxy.Revisions;

/// <summary>Metrics that show whether the files on disk are applied, for alerts.</summary>
internal sealed class ConfigMetrics
{
    public ConfigMetrics(ProxyMeter meter, ProxyStatus status)
    {
        meter.Instruments.CreateObservableGauge(
            "proxy.config.rejected",
            () => status.Current.Rejected.Count > 0 ? 1 : 0,
            null,
            "1 while the newest edit is rejected and the last good configuration runs on."
        );
        meter.Instruments.CreateObservableGauge(
            "proxy.config.pending",
            () => status.Current.Pending is null ? 0 : 1,
            null,
            "1 while a valid edit waits for an address that cannot be bound."
        );
    }
}
