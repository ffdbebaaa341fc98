using System.Buffers;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Diagnostics;
using Proxy.Limits;
using Proxy.Timing;

namespace Proxy.Core.Tests.Connections;

/// <summary>Bytes that were given back to a connection are the first of whatever reads it next.</summary>
public sealed class ReadAheadTests : IDisposable
{
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);
    private readonly BufferPool _buffers = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Unread_ThenStream_FirstTheseAndThenTheRest(bool loops)
    {
        var (peer, ours) = await ConnectAsync(loops, "first");
        await peer.SendAsync(" rest"u8.ToArray());

        var stream = ours.OpenStream()!;
        Assert.Equal(0, await stream.ReadAsync(Memory<byte>.Empty)); // there are bytes
        var bytes = new byte[10];
        await stream.ReadExactlyAsync(bytes.AsMemory(0, 2));
        Assert.Equal(3, ours.AheadCount);
        await stream.ReadExactlyAsync(bytes.AsMemory(2));

        Assert.Equal("first rest", Encoding.ASCII.GetString(bytes));
        await EndAsync(peer, ours);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WaitForInput_BytesWereGivenBackAndTheClientHasEnded_ThereIsInput(bool loops)
    {
        var (peer, ours) = await ConnectAsync(loops, "first");
        peer.Shutdown(SocketShutdown.Send);
        await Eventually.TrueAsync(() => ours.HasPeerEnded);

        Assert.Null(await ours.WaitForInputAsync(CancellationToken.None).WaitAsync(Eventually.Limit));

        await EndAsync(peer, ours);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Unread_ThenPipes_FirstTheseAndThenTheRest(bool loops)
    {
        var (peer, ours) = await ConnectAsync(loops, "first");
        await peer.SendAsync(" rest"u8.ToArray());

        var read = await ours.Transport.Input.ReadAtLeastAsync(10);

        Assert.Equal("first rest", Encoding.ASCII.GetString(read.Buffer.ToArray()));
        ours.Transport.Input.AdvanceTo(read.Buffer.End);
        await EndAsync(peer, ours);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Unread_ThenRelay_FirstWhatThePipesHoldThenTheseThenTheRest(bool loops, bool touchesPipes)
    {
        var (client, ours) = await ConnectAsync(loops, touchesPipes ? "first," : "first, ahead,");
        var (server, upstream) = await ConnectAsync(loops, "");
        if (touchesPipes)
        {
            var read = await ours.Transport.Input.ReadAsync();
            ours.Transport.Input.AdvanceTo(read.Buffer.Start);
            ours.Unread(await AheadAsync(" ahead,"));
        }

        await client.SendAsync(" rest"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        server.Shutdown(SocketShutdown.Send);
        Assert.True(ours.CanRelay(upstream));
        var record = new ConnectionRecord(ours, "e", "", TimeProvider.System);
        var outcome = await ours.RelayAsync(upstream, new RelayOptions(), record).AsTask().WaitAsync(Eventually.Limit);

        Assert.Equal(ConnectionOutcome.Completed, outcome);
        Assert.Equal("first, ahead, rest", Encoding.ASCII.GetString((await server.ReadToEndAsync()).Bytes));
        Assert.Equal("first, ahead, rest".Length, record.ClientBytes);
        await EndAsync(client, ours);
        await EndAsync(server, upstream);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Unread_PeerEndsThen_HasNotLeftSilently(bool loops)
    {
        var (peer, ours) = await ConnectAsync(loops, "first");
        peer.Shutdown(SocketShutdown.Send);
        using var limit = new CancellationTokenSource(Eventually.Limit);

        Assert.Equal(PeerDeparture.Closed, await ours.WaitForDepartureAsync(ignoreClose: false, limit.Token));
        Assert.Equal(PeerDeparture.Closed, ours.DepartedWithin(6));
        Assert.Null(ours.DepartedWithin(5));
        await EndAsync(peer, ours);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Dispose_NotReadSince_MemoryIsGivenBack(bool loops)
    {
        var (peer, ours) = await ConnectAsync(loops, "first");
        Assert.Equal(1, _buffers.Outstanding);

        await EndAsync(peer, ours);
    }

    [Fact]
    public async Task Receive_ManyBytes_GrowsToTheBoundAndNoFurther()
    {
        using var ahead = new ReadAhead(_buffers);
        var bytes = new byte[100_000];
        Random.Shared.NextBytes(bytes);
        using var stream = new MemoryStream(bytes);

        while (await ahead.ReceiveAsync(stream, CancellationToken.None)) { }

        Assert.Equal(BufferPool.BufferSize, ahead.Count);
        Assert.Equal(bytes.AsSpan(0, BufferPool.BufferSize), ahead.Bytes);
        Assert.False(ahead.IsOutOfMemory);
        Assert.Equal(1, _buffers.Outstanding);
    }

    [Fact]
    public async Task Receive_NoMemoryLeft_FirstBufferOnly()
    {
        using var ahead = new ReadAhead(new BufferPool(new ByteBudget(1)));
        using var stream = new MemoryStream(new byte[100_000]);

        while (await ahead.ReceiveAsync(stream, CancellationToken.None)) { }

        Assert.Equal(4096, ahead.Count);
        Assert.True(ahead.IsOutOfMemory);
    }

    public void Dispose()
    {
        _loops.Dispose();
        _clock.Dispose();
    }

    private async Task<ReadAhead> AheadAsync(string text)
    {
        var ahead = new ReadAhead(_buffers);
        using var stream = new MemoryStream(Encoding.ASCII.GetBytes(text));
        await ahead.ReceiveAsync(stream, CancellationToken.None);
        return ahead;
    }

    private async Task<(Socket Peer, TcpConnection Ours)> ConnectAsync(bool loops, string unread)
    {
        IConnectionListenerFactory factory =
            loops && OperatingSystem.IsLinux()
                ? new EpollTransportFactory(new EpollDependencies(_loops, _buffers))
                : new SocketTransportFactory(_buffers, _clock, TimeProvider.System);
        var (peer, connection) = await Loopback.ConnectAsync(factory);
        var ours = (TcpConnection)connection;
        if (unread.Length > 0)
        {
            ours.Unread(await AheadAsync(unread));
        }

        return (peer, ours);
    }

    private async Task EndAsync(Socket peer, TcpConnection ours)
    {
        await ours.DisposeAsync();
        peer.Dispose();
        await Eventually.TrueAsync(() => _buffers.Outstanding == 0);
    }
}
