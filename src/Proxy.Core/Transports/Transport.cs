using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Transports;

/// <summary>The transport that was chosen, which accepts and dials connections.</summary>
internal sealed class Transport : IDisposable
{
    private readonly EventLoopGroup? _loops;

    public Transport(
        TransportOptions options,
        BufferPool buffers,
        DeadlineClock clock,
        TimeProvider time,
        ProxyMetrics metrics,
        ILogger<Transport> logger
    )
    {
        if (options.UseEventLoops && OperatingSystem.IsLinux())
        {
            _loops = new EventLoopGroup(options.Threads, metrics, logger);
            var services = new EpollDependencies(_loops, buffers);
            Listeners = new EpollTransportFactory(services, options.Inherited);
            Dialer = new EpollConnectionFactory(services, time);
        }
        else
        {
            Listeners = new SocketTransportFactory(buffers, clock, time, options.Inherited);
            Dialer = new SocketConnectionFactory(buffers, clock, time);
        }
    }

    public IConnectionListenerFactory Listeners { get; }

    public IConnectionFactory Dialer { get; }

    /// <summary>The running event loops; empty for the portable transport, and before the first connection.</summary>
    public IReadOnlyList<EventLoop> Loops => _loops?.Running ?? [];

    /// <summary>The status of each event loop.</summary>
    public IReadOnlyList<EventLoopStatus> DescribeLoops() => _loops?.Status() ?? [];

    public void Dispose() => _loops?.Dispose();
}
