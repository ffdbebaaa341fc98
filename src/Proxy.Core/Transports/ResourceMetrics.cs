using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Transports;

/// <summary>The metrics of descriptors, and of accepting that pauses for lack of them.</summary>
internal sealed class ResourceMetrics
{
    public ResourceMetrics(ProxyMeter meter, Resources resources)
    {
        ArgumentNullException.ThrowIfNull(meter);
        var instruments = meter.Instruments;
        instruments.CreateObservableUpDownCounter("proxy.descriptors.open", () => resources.Open, "{descriptor}", "Open descriptors.");
        instruments.CreateObservableUpDownCounter(
            "proxy.descriptors.limit",
            () => resources.Limit,
            "{descriptor}",
            "Descriptors that the process may have."
        );
        instruments.CreateObservableGauge(
            "proxy.accept.paused",
            () => resources.PausedSince is null ? 0 : 1,
            null,
            "1 while no client is accepted for lack of descriptors."
        );
        instruments.CreateObservableCounter(
            "proxy.accept.pauses",
            () => resources.Pauses,
            "{pause}",
            "How often accepting has paused for lack of descriptors."
        );
    }
}
