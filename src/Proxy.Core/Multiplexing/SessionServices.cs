using Proxy.Timing;

namespace Proxy.Multiplexing;

/// <summary>What all sessions use.</summary>
internal sealed record SessionServices(
    SessionDialer Dialer,
    MultiplexMetrics Metrics,
    MessageTrace Trace,
    DeadlineClock Clock,
    TimeProvider Time
);
