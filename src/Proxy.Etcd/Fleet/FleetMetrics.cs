using Proxy.Diagnostics;
using Proxy.Engine;

namespace Proxy.Etcd.Fleet;

/// <summary>The metrics of the fleet, as this host knows it.</summary>
internal sealed class FleetMetrics
{
    public FleetMetrics(ProxyMeter meter, IFleet fleet, IFleetDrains drains)
    {
        meter.Instruments.CreateObservableGauge(
            "proxy.fleet.hosts",
            () => fleet.Current.Hosts.Count,
            "{host}",
            "Hosts that are registered with the engine, this one included."
        );
        meter.Instruments.CreateObservableGauge(
            "proxy.fleet.hosts.behind",
            () => fleet.Current.Hosts.Count(static host => host.Behind.Count > 0),
            "{host}",
            "Hosts that run an older revision of a shared document than another host."
        );
        meter.Instruments.CreateObservableGauge(
            "proxy.fleet.drains",
            () => drains.Current.Count,
            "{drain}",
            "Destinations and members that all hosts drain."
        );
    }
}
