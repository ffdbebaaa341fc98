using Proxy.Connections;

namespace Proxy.Multiplexing;

/// <summary>What all sessions use.</summary>
internal sealed record SessionServices(SessionDialer Dialer, MultiplexMetrics Metrics, DeadlineClock Clock, TimeProvider Time);
