namespace Proxy.Connections.Linux;

/// <summary>What all connections of the transport share.</summary>
internal sealed record EpollServices(EventLoopGroup Loops, BufferPool Buffers);
