using Proxy.Limits;
using Proxy.Timing;

namespace Proxy.Multiplexing;

/// <summary>The dependencies of all sessions.</summary>
internal sealed record SessionDependencies(
    SessionDialer Dialer,
    MultiplexMetrics Metrics,
    MessageTrace Trace,
    DeadlineClock Clock,
    TimeProvider Time,
    ByteBudget Memory
);
