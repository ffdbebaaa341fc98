using Proxy.Timing;

namespace Proxy.Connections.Sockets;

/// <summary>What all connections of the transport share.</summary>
internal sealed record SocketServices(BufferPool Buffers, DeadlineClock Clock, TimeProvider Time);
