using System.Buffers;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Core.Tests.EndToEnd.Connections;

/// <summary>Relays that find no memory in the middle of a stream: what arrives is its beginning, and does not look complete.</summary>
public sealed class NoMemoryTests : IDisposable
{
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);
    private readonly BufferPool _buffers = new(new Exhausted());

    [Fact]
    public async Task Run_OnALoopWithoutMemoryForWhatIsNotTaken_BothSidesAreReset()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        _loops.Loops[0].Pipes.IsSpliceAllowed = false; // so that bytes which the receiver does not take need a buffer
        var factory = new EpollTransportFactory(new EpollDependencies(_loops, _buffers));
        var (client, accepted) = await Loopback.ConnectAsync(factory);
        var (upstream, dialed) = await Loopback.ConnectAsync(factory);
        dialed.Features.Get<IConnectionSocketFeature>()!.Socket.SendBufferSize = 4096;
        var sent = Fill(client);

        var relay = Task.Run(() => RunAsync(accepted, dialed)); // not on the loop, where the exception would come to this caller

        Assert.Equal(ConnectionOutcome.InternalError, await relay.WaitAsync(Eventually.Limit));
        var (received, reset) = await upstream.ReadToEndAsync();
        Assert.True(reset);
        Assert.True(sent.AsSpan().StartsWith(received));
        Assert.True((await client.ReadToEndAsync()).Reset);
        await CloseAsync(client, accepted, upstream, dialed);
    }

    [Fact]
    public async Task Run_OnSocketsWithoutMemory_BothSidesAreReset()
    {
        var factory = new SocketTransportFactory(_buffers, _clock, TimeProvider.System);
        var (client, accepted) = await Loopback.ConnectAsync(factory);
        var (upstream, dialed) = await Loopback.ConnectAsync(factory);
        var relay = RunAsync(accepted, dialed);

        await client.SendAsync("hello"u8.ToArray());

        await Assert.ThrowsAsync<InsufficientMemoryException>(() => relay.WaitAsync(Eventually.Limit));
        Assert.True((await upstream.ReadToEndAsync()).Reset);
        Assert.True((await client.ReadToEndAsync()).Reset);
        await CloseAsync(client, accepted, upstream, dialed);
    }

    public void Dispose()
    {
        _loops.Dispose();
        _clock.Dispose();
    }

    private Task<ConnectionOutcome> RunAsync(ConnectionContext client, ConnectionContext upstream) =>
        new Relay(_clock)
            .RunAsync(client, upstream, new RelayOptions(), new ConnectionRecord(client, "", "", TimeProvider.System))
            .AsTask();

    /// <summary>Sends what the kernel takes without a reader.</summary>
    private static byte[] Fill(Socket socket)
    {
        var payload = new byte[16 << 20];
        Random.Shared.NextBytes(payload);
        socket.Blocking = false;
        var sent = 0;
        while (socket.Poll(TimeSpan.Zero, SelectMode.SelectWrite))
        {
            sent += socket.Send(payload, sent, Math.Min(65536, payload.Length - sent), SocketFlags.None);
        }

        Assert.InRange(sent, 300_000, payload.Length - 65536); // more than the upstream's kernel takes without a reader
        return payload[..sent];
    }

    private static async Task CloseAsync(Socket client, ConnectionContext accepted, Socket upstream, ConnectionContext dialed)
    {
        client.Dispose();
        upstream.Dispose();
        await accepted.DisposeAsync();
        await dialed.DisposeAsync();
    }

    private sealed class Exhausted : ArrayPool<byte>
    {
        public override byte[] Rent(int minimumLength) => throw new InsufficientMemoryException(); // is an OutOfMemoryException that code may throw

        public override void Return(byte[] array, bool clearArray = false) => throw new InvalidOperationException();
    }
}
