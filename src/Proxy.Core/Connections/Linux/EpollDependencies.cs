namespace Proxy.Connections.Linux;

/// <summary>The services that all connections of the transport share.</summary>
internal sealed record EpollDependencies(EventLoopGroup Loops, BufferPool Buffers);
