using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Timing;

namespace Proxy.Core.Tests.EndToEnd.Connections;

public sealed class CancelOnResetTests : IDisposable
{
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Dispose_PeerStillThere_SourceLeftAlone(bool loops)
    {
        var (peer, ours) = await ConnectAsync(loops);
        using var source = new CancellationTokenSource();

        await ours.CancelOnReset(source).DisposeAsync();
        peer.Close(0);
        await ours.WaitForDepartureAsync(ignoreClose: true, CancellationToken.None).WaitAsync(Eventually.Limit);

        Assert.False(source.IsCancellationRequested);
        await ours.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reset_WhileWatched_Cancels(bool loops)
    {
        var (peer, ours) = await ConnectAsync(loops);
        using var source = new CancellationTokenSource();
        await using var watch = ours.CancelOnReset(source);

        peer.Close(0);

        await Eventually.TrueAsync(() => source.IsCancellationRequested);
        await ours.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Abort_OfOurOwnAfterThePeersFin_Cancels(bool loops)
    {
        var (peer, ours) = await ConnectAsync(loops);
        using var source = new CancellationTokenSource();
        peer.Shutdown(SocketShutdown.Send);
        await using var watch = ours.CancelOnReset(source);

        ours.Abort(new ConnectionAbortedException());

        await Eventually.TrueAsync(() => source.IsCancellationRequested);
        await ours.DisposeAsync();
    }

    public void Dispose()
    {
        _loops.Dispose();
        _clock.Dispose();
    }

    private async Task<(Socket Peer, TcpConnection Ours)> ConnectAsync(bool loops)
    {
        IConnectionListenerFactory factory =
            loops && OperatingSystem.IsLinux()
                ? new EpollTransportFactory(new EpollDependencies(_loops, new BufferPool()))
                : new SocketTransportFactory(new BufferPool(), _clock, TimeProvider.System);
        var (peer, ours) = await Loopback.ConnectAsync(factory);
        return (peer, (TcpConnection)ours);
    }
}
