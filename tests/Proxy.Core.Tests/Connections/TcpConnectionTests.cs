using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Core.Tests.Tls;
using Proxy.Timing;

namespace Proxy.Core.Tests.Connections;

/// <summary>How a connection tells its ends, on both transports.</summary>
public sealed class TcpConnectionTests : IDisposable
{
    private readonly BufferPool _buffers = new();
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);

    // The kernel reports the error of a reset once, and the writer gets it.
    [Theory]
    [InlineData(RelayedPair.Portable, false)]
    [InlineData(RelayedPair.Loops, false)]
    [InlineData(RelayedPair.Loops, true)]
    public async Task OpenStream_WriteHasTakenTheErrorOfAReset_ReadTellsTheReset(string transport, bool beforeTheEvent)
    {
        var (peer, ours) = await ConnectAsync(transport);
        var stream = ours.OpenStream()!;
        var isEnd = false;
        void Fail()
        {
            peer.Close(0);
            Assert.True(SpinWait.SpinUntil(() => beforeTheEvent ? IsClosed((EpollConnection)ours) : ours.HasPeerEnded, Eventually.Limit));
            Assert.ThrowsAny<IOException>(() => Wait(stream.WriteAsync(new byte[1])));
            isEnd = Ends(stream);
        }

        if (beforeTheEvent)
        {
            await OnLoopAsync(((EpollConnection)ours).Loop, Fail);
        }
        else
        {
            await Task.Run(Fail);
        }

        Assert.False(isEnd);
        await ours.DisposeAsync();
    }

    [Theory]
    [InlineData(RelayedPair.Portable, false)]
    [InlineData(RelayedPair.Portable, true)]
    [InlineData(RelayedPair.Loops, false)]
    [InlineData(RelayedPair.Loops, true)]
    public async Task Read_BothSidesHaveEnded_IsTheEnd(string transport, bool throughPipes)
    {
        var (peer, ours) = await ConnectAsync(transport);
        var stream = throughPipes ? null : ours.OpenStream();
        if (stream is null)
        {
            await ours.Transport.Output.CompleteAsync();
        }
        else
        {
            ours.EndSending();
        }

        Assert.Empty((await peer.ReadToEndAsync()).Bytes);
        peer.Shutdown(SocketShutdown.Send);
        await Eventually.TrueAsync(() => ours.HasPeerEnded);

        Assert.True(stream is null ? (await ours.Transport.Input.ReadAsync()).IsCompleted : await stream.ReadAsync(new byte[1]) == 0);
        await ours.DisposeAsync();
        peer.Dispose();
    }

    // Some bytes are read before the transport has handled the event that announced them; while another connection is used, it does.
    [Theory]
    [InlineData(RelayedPair.Portable)]
    [InlineData(RelayedPair.Loops)]
    public async Task Wait_AnEarlierEventIsStale_GoesOnWaiting(string transport)
    {
        var (peer, ours) = await ConnectAsync(transport);
        var (otherPeer, other) = await ConnectAsync(transport);
        var (stream, otherStream) = (ours.OpenStream()!, other.OpenStream()!);
        for (var round = 0; round < 1000; round++)
        {
            await SendAsync(peer, stream);
            using var stop = new CancellationTokenSource();
            var departure = ours.WaitForDepartureAsync(ignoreClose: false, stop.Token);
            await SendAsync(otherPeer, otherStream);
            await stop.CancelAsync();
            Assert.Null(await departure.WaitAsync(Eventually.Limit));

            await SendAsync(peer, stream);
            var input = ours.WaitForInputAsync(CancellationToken.None);
            await SendAsync(otherPeer, otherStream);
            peer.Send(new byte[1]);
            Assert.Null(await input.WaitAsync(Eventually.Limit));
            await stream.ReadExactlyAsync(new byte[1]);
        }

        await ours.DisposeAsync();
        await other.DisposeAsync();
        peer.Dispose();
        otherPeer.Dispose();
    }

    public void Dispose()
    {
        _clock.Dispose();
        _loops.Dispose();
    }

    private static void Wait(ValueTask writing) => writing.AsTask().GetAwaiter().GetResult();

    // By the kernel's state, for which no event has to be handled.
    private static bool IsClosed(EpollConnection connection) => Descriptor.IsClosed(connection.Number);

    private static async Task SendAsync(Socket peer, Stream stream)
    {
        peer.Send(new byte[1]);
        await stream.ReadExactlyAsync(new byte[1]);
    }

    private static bool Ends(Stream stream)
    {
        try
        {
            return stream.ReadAsync(new byte[1]).AsTask().GetAwaiter().GetResult() == 0;
        }
        catch (IOException exception)
        {
            Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(exception.InnerException).SocketErrorCode);
            return false;
        }
    }

    private static Task OnLoopAsync(EventLoop loop, Action action)
    {
        var work = new Work(action);
        loop.Post(work);
        return work.Done.Task.WaitAsync(Eventually.Limit);
    }

    private async Task<(Socket Peer, TcpConnection Ours)> ConnectAsync(string transport)
    {
        IConnectionListenerFactory factory =
            transport == RelayedPair.Loops
                ? new EpollTransportFactory(new(_loops, _buffers))
                : new SocketTransportFactory(_buffers, _clock, TimeProvider.System);
        var (peer, ours) = await Loopback.ConnectAsync(factory);
        return (peer, (TcpConnection)ours);
    }

    private sealed class Work(Action action) : IThreadPoolWorkItem
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Execute()
        {
            try
            {
                action();
                Done.SetResult();
            }
            catch (Exception exception)
            {
                Done.SetException(exception);
            }
        }
    }
}
