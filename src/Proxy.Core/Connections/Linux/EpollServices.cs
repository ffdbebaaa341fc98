namespace Proxy.Connections.Linux;

/// <summary>The services that all connections of the transport share.</summary>
internal sealed record EpollServices(EventLoopGroup Loops, BufferPool Buffers);
