using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Multiplexing;
using Proxy.Timing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class MessagePortTests : IDisposable
{
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SendAsync_ClosedByUsMeanwhile_FailsInItsTaskAndDoesNotThrow(bool loops)
    {
        var (peer, ours) = await ConnectAsync(loops);
        using var owned = peer;
        var port = new MessagePort(ours);
        ours.Abort(new ConnectionAbortedException());

        var send = port.SendAsync(new byte[] { 1 }).AsTask();

        var exception = await Assert.ThrowsAnyAsync<Exception>(() => send);
        Assert.True(MessagePort.IsEnd(exception), exception.ToString());
        await ours.DisposeAsync();
    }

    public void Dispose()
    {
        _loops.Dispose();
        _clock.Dispose();
    }

    private Task<(System.Net.Sockets.Socket Peer, ConnectionContext Ours)> ConnectAsync(bool loops) =>
        Loopback.ConnectAsync(
            loops && OperatingSystem.IsLinux()
                ? new EpollTransportFactory(new EpollDependencies(_loops, new BufferPool()))
                : new SocketTransportFactory(new BufferPool(), _clock, TimeProvider.System)
        );
}
