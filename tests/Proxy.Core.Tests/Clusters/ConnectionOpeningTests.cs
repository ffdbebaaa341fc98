using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Core.Tests.Tls;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Core.Tests.Clusters;

public sealed class ConnectionOpeningTests : IDisposable
{
    private readonly BufferPool _buffers = new();
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);

    // Otherwise a lock would admit its next client while the server still has the one before.
    [Theory]
    [InlineData(RelayedPair.Portable)]
    [InlineData(RelayedPair.Loops)]
    public async Task Open_ServerSpeaksNoTlsWhileAChildProcessHasACopy_ServerIsToldTheEndAtOnce(string transport)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        IConnectionListenerFactory factory =
            transport == RelayedPair.Loops
                ? new EpollTransportFactory(new(_loops, _buffers))
                : new SocketTransportFactory(_buffers, _clock, TimeProvider.System);
        var (server, ours) = await Loopback.ConnectAsync(factory);
        using var copy = new DescriptorCopy(ours.Features.Get<IConnectionSocketFeature>()!.Socket);
        var opening = TestOpening
            .Create()
            .OpenAsync(ours, "tcp://127.0.0.1:1", "cluster", new() { Tls = new() }, null, Timeout.InfiniteTimeSpan, CancellationToken.None)
            .AsTask();

        await server.SendAsync("no TLS here"u8.ToArray());

        await Assert.ThrowsAsync<TlsFailedException>(() => opening.WaitAsync(Eventually.Limit));
        Assert.False((await server.ReadToEndAsync()).Reset); // it may have been told why within TLS
        server.Dispose();
    }

    public void Dispose()
    {
        _clock.Dispose();
        _loops.Dispose();
    }
}
