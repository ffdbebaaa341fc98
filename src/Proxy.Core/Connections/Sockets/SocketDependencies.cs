using Proxy.Timing;

namespace Proxy.Connections.Sockets;

/// <summary>The services that all connections of the transport share.</summary>
internal sealed record SocketDependencies(BufferPool Buffers, DeadlineClock Clock, TimeProvider Time);
