using Proxy.Clusters.LoadBalancing;
using Proxy.Timing;

namespace Proxy.Multiplexing;

/// <summary>The dependencies of all Multiplex routes.</summary>
internal sealed record MultiplexDependencies(
    MultiplexRegistry Registry,
    DestinationPicker Picker,
    MessageTrace Trace,
    DeadlineClock Clock,
    TimeProvider Time,
    Random Random
);
