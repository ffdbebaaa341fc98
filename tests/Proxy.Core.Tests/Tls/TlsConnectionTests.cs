using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Timing;
using Proxy.Tls;

namespace Proxy.Core.Tests.Tls;

/// <summary>What queues, multiplexers and handlers ask a connection for, of one within TLS.</summary>
public sealed class TlsConnectionTests : IAsyncLifetime
{
    private const int ManyRecords = 64 * 1024; // bytes that sockets take without a reader
    private const int Tries = 50;

    private static readonly byte[] _forged = [23, 3, 3, 0, 32, .. new byte[32]]; // a record whose authentication fails
    private static readonly TimeSpan _limit = Eventually.Limit;
    private readonly BufferPool _buffers = new();
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);
    private readonly List<IDisposable> _peers = [];

    public static TheoryData<string, SslProtocols> Ways { get; } =
        new()
        {
            { RelayedPair.Portable, SslProtocols.Tls12 },
            { RelayedPair.Portable, SslProtocols.Tls13 },
            { RelayedPair.Loops, SslProtocols.Tls12 },
            { RelayedPair.Loops, SslProtocols.Tls13 },
        };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task WaitForInput_BytesCameWithTheHandshake_TheyAreThereAndRead(string transport, SslProtocols version)
    {
        var (peer, ours) = await ConnectAsync(transport, version);
        await peer.SendAsync("first"u8.ToArray());
        await Eventually.TrueAsync(() => ours.HasPeerEnded || peer.Socket.Poll(0, SelectMode.SelectWrite));

        Assert.Null(await ours.WaitForInputAsync(default).WaitAsync(_limit));
        Assert.Null(await ours.WaitForInputAsync(default).WaitAsync(_limit)); // nothing is lost by asking again

        Assert.Equal(5, ours.AheadCount);
        await peer.SendAsync(" second"u8.ToArray());
        var bytes = new byte[12];
        await ours.OpenStream()!.ReadExactlyAsync(bytes).AsTask().WaitAsync(_limit);
        Assert.Equal("first second"u8.ToArray(), bytes);
        await ours.DisposeAsync();
        Assert.Equal(0, _buffers.Outstanding);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task WaitForInput_Cancelled_LaterBytesAreWhole(string transport, SslProtocols version)
    {
        var (peer, ours) = await ConnectAsync(transport, version);
        for (var i = 0; i < 3; i++)
        {
            using var stop = new CancellationTokenSource();
            var waiting = ours.WaitForInputAsync(stop.Token);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting).WaitAsync(_limit);
        }

        Assert.Equal(0, _buffers.Outstanding);
        await peer.SendAsync("hello"u8.ToArray());
        Assert.Null(await ours.WaitForInputAsync(default).WaitAsync(_limit));
        var bytes = new byte[5];
        await ours.OpenStream()!.ReadExactlyAsync(bytes);
        Assert.Equal("hello"u8.ToArray(), bytes);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task WaitForInput_PeerLeavesWithoutAByte_SaysHow(string transport, SslProtocols version)
    {
        var (ending, ended) = await ConnectAsync(transport, version);
        await ending.EndWithinAsync();
        Assert.Equal(PeerDeparture.ClosedSilently, await ended.WaitForInputAsync(default).WaitAsync(_limit));
        Assert.True(ended.HasPeerEnded);

        var (cutting, cut) = await ConnectAsync(transport, version);
        cutting.Cut(withinARecord: false);
        Assert.Equal(PeerDeparture.Reset, await cut.WaitForInputAsync(default).WaitAsync(_limit));

        var (resetting, reset) = await ConnectAsync(transport, version);
        resetting.Reset();
        Assert.Equal(PeerDeparture.Reset, await reset.WaitForInputAsync(default).WaitAsync(_limit));
        Assert.Equal(0, _buffers.Outstanding);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task WaitForDeparture_PeerEndsBehindItsBytes_IsSeenAndTheyStay(string transport, SslProtocols version)
    {
        var (peer, ours) = await ConnectAsync(transport, version);
        var waiting = ours.WaitForDepartureAsync(ignoreClose: false, default);
        await peer.SendAsync("question"u8.ToArray());
        await peer.EndWithinAsync(); // and no FIN

        Assert.Equal(PeerDeparture.Closed, await waiting.WaitAsync(_limit));
        Assert.Equal(PeerDeparture.Closed, ours.DepartedWithin(9)); // in the middle of a message
        Assert.Null(ours.DepartedWithin(8)); // with the last byte of it
        var stream = ours.OpenStream()!;
        var bytes = new byte[8];
        await stream.ReadExactlyAsync(bytes);
        Assert.Equal("question"u8.ToArray(), bytes);
        Assert.Equal(0, await stream.ReadAsync(bytes));
        await ours.DisposeAsync();
        Assert.Equal(0, _buffers.Outstanding);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task WaitForDeparture_Cancelled_ReaderGoesOn(string transport, SslProtocols version)
    {
        var (peer, ours) = await ConnectAsync(transport, version);
        await peer.SendAsync("abc"u8.ToArray());
        using var stop = new CancellationTokenSource();
        var waiting = ours.WaitForDepartureAsync(ignoreClose: false, stop.Token);
        Assert.False(waiting.IsCompleted);
        await stop.CancelAsync();
        Assert.Null(await waiting.WaitAsync(_limit));

        var reading = ReadAsync(ours, 6);
        await peer.SendAsync("def"u8.ToArray());
        Assert.Equal("abcdef"u8.ToArray(), await reading.WaitAsync(_limit));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task WaitForDeparture_MoreBytesThanAreLookedInto_FinOrResetOfTheSocketIsSeen(string transport, SslProtocols version)
    {
        var (peer, ours) = await ConnectAsync(transport, version);
        await peer.SendAsync(new byte[100_000]);
        var waiting = ours.WaitForDepartureAsync(ignoreClose: false, default);
        await peer.EndAsync();
        Assert.Equal(PeerDeparture.Closed, await waiting.WaitAsync(_limit));
        Assert.InRange(ours.AheadCount, 4096, 65536);

        peer.Reset();
        Assert.Equal(PeerDeparture.Reset, await ours.WaitForDepartureAsync(ignoreClose: true, default).WaitAsync(_limit));
        Assert.Equal(PeerDeparture.Reset, ours.DepartedWithin(1));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Dispose_NothingWasEnded_PeerSeesAnEndAndNoCut(string transport, SslProtocols version)
    {
        var (peer, ours) = await ConnectAsync(transport, version);
        await ours.OpenStream()!.WriteAsync("bye"u8.ToArray());

        await ours.DisposeAsync();

        var (bytes, end) = await peer.ReadToEndAsync();
        Assert.Equal("bye"u8.ToArray(), bytes);
        Assert.Equal(PeerEnd.Clean, end);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Dispose_PeerDoesNotRead_EndsInTimeWithAReset(string transport, SslProtocols version)
    {
        var (peer, ours) = await ConnectAsync(transport, version);
        var writing = ours.OpenStream()!.WriteAsync(new byte[32 << 20]).AsTask();

        await ours.DisposeAsync().AsTask().WaitAsync(_limit);

        await Assert.ThrowsAnyAsync<IOException>(() => writing).WaitAsync(_limit);
        Assert.Equal(PeerEnd.Reset, (await peer.ReadToEndAsync()).End);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task EndSending_WriteIsUnderWay_CloseNotifyFollowsIt(string transport, SslProtocols version)
    {
        var (peer, ours) = await ConnectAsync(transport, version);
        var payload = new byte[8 << 20];
        Random.Shared.NextBytes(payload);
        var writing = ours.OpenStream()!.WriteAsync(payload).AsTask();
        Assert.False(writing.IsCompleted);

        ours.EndSending();
        var (bytes, end) = await peer.ReadToEndAsync();

        await writing.WaitAsync(_limit);
        await ours.EndSendingAsync().WaitAsync(_limit);
        Assert.Equal(payload, bytes);
        Assert.Equal(PeerEnd.Clean, end);
        await Assert.ThrowsAnyAsync<IOException>(async () => await ours.OpenStream()!.WriteAsync(new byte[1]));
        await peer.SendAsync("still"u8.ToArray()); // the other direction goes on
        Assert.Equal("still"u8.ToArray(), await ReadAsync(ours, 5));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Abort_WhileWithinTls_PeerIsReset(string transport, SslProtocols version)
    {
        var (peer, ours) = await ConnectAsync(transport, version);
        var reading = ReadAsync(ours, 1);

        ours.Abort(new ConnectionAbortedException());

        await Assert.ThrowsAnyAsync<IOException>(() => reading).WaitAsync(_limit);
        Assert.Equal(PeerEnd.Reset, (await peer.ReadToEndAsync()).End);
        Assert.True(ours.ConnectionClosed.IsCancellationRequested);
        await ours.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Transport_PipesAreUsed_BytesAndEndsPass(string transport, SslProtocols version)
    {
        var (peer, ours) = await ConnectAsync(transport, version);
        var pipes = ours.Transport;
        Assert.Null(ours.OpenStream());
        await peer.SendAsync("question"u8.ToArray());
        var read = await pipes.Input.ReadAtLeastAsync(8).AsTask().WaitAsync(_limit);
        pipes.Input.AdvanceTo(read.Buffer.End);
        await pipes.Output.WriteAsync("answer"u8.ToArray());
        await pipes.Output.CompleteAsync();

        var (bytes, end) = await peer.ReadToEndAsync();
        Assert.Equal("answer"u8.ToArray(), bytes);
        Assert.Equal(PeerEnd.Clean, end);
        peer.Cut(withinARecord: false);
        await Assert.ThrowsAsync<ConnectionEndedException>(() => pipes.Input.ReadAsync().AsTask()).WaitAsync(_limit);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Transport_OutputFails_PeerIsReset(string transport, SslProtocols version)
    {
        foreach (var waits in (bool[])[false, true])
        {
            var (peer, ours) = await ConnectAsync(transport, version);
            await ours.Transport.Output.WriteAsync("half"u8.ToArray());
            Assert.Equal("half"u8.ToArray(), await peer.ReadAsync(4));

            if (waits)
            {
                await ours.Transport.Output.CompleteAsync(new InvalidOperationException());
            }
            else
            {
                ours.Transport.Output.Complete(new InvalidOperationException());
            }

            Assert.Equal(PeerEnd.Reset, (await peer.ReadToEndAsync()).End);
            await ours.DisposeAsync();
        }
    }

    // close_notify takes the error of the reset, which the kernel reports once.
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task EndSending_PeerHasResetAndNoCloseNotifyIsNeeded_ReadTellsTheReset(string transport, SslProtocols version)
    {
        var (peer, ours) = await ConnectAsync(transport, version, requiresCloseNotify: false);
        peer.Reset();
        await Eventually.TrueAsync(() => ours.HasPeerEnded);

        await ours.EndSendingAsync().WaitAsync(_limit);

        await Assert.ThrowsAnyAsync<IOException>(() => ours.OpenStream()!.ReadAsync(new byte[1]).AsTask()).WaitAsync(_limit);
        Assert.Equal(PeerDeparture.Reset, ours.DepartedWithin(0));
        await ours.DisposeAsync();
    }

    // OpenSSL makes no close_notify any more then, and a FIN alone would be a cut.
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task EndSending_PeerHasSentABadRecord_PeerIsReset(string transport, SslProtocols version)
    {
        var (peer, ours) = await ConnectAsync(transport, version);
        await peer.Socket.SendAsync(_forged);
        await Assert.ThrowsAsync<ConnectionEndedException>(() => ReadAsync(ours, 1)).WaitAsync(_limit);

        await ours.EndSendingAsync().WaitAsync(_limit);

        Assert.True((await peer.Socket.ReadToEndAsync()).Reset);
        Assert.True(ours.ConnectionClosed.IsCancellationRequested);
        await ours.DisposeAsync();
        Assert.Equal(0, _buffers.Outstanding);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        _peers.ForEach(static peer => peer.Dispose());
        _clock.Dispose();
        _loops.Dispose();
        return Task.CompletedTask;
    }

    private static async Task<byte[]> ReadAsync(TcpConnection ours, int count)
    {
        var bytes = new byte[count];
        await ours.OpenStream()!.ReadExactlyAsync(bytes);
        return bytes;
    }

    // The library's state is used by one thread at a time: what makes close_notify also looks for records, of which a reader may have put in a part.
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task EndSending_WhileRecordsAreRead_ThePeerIsTold(string transport, SslProtocols version)
    {
        for (var i = 0; i < Tries; i++)
        {
            var (peer, ours) = await ConnectAsync(transport, version);
            await peer.SendAsync(new byte[ManyRecords]);
            await peer.EndWithinAsync();
            using var together = new Barrier(2);
            var reading = Task.Run(async () =>
            {
                together.SignalAndWait();
                return await CountAsync(ours.OpenStream()!);
            });
            var ending = Task.Run(async () =>
            {
                together.SignalAndWait();
                Thread.SpinWait(i * 200);
                await ours.EndSendingAsync();
            });
            await Task.WhenAll(reading, ending).WaitAsync(_limit);

            Assert.Equal(ManyRecords, await reading);
            Assert.Equal(PeerEnd.Clean, (await peer.ReadToEndAsync()).End);
            await ours.DisposeAsync();
        }
    }

    private static async Task<int> CountAsync(Stream stream)
    {
        var (total, buffer) = (0, new byte[65536]);
        while (await stream.ReadAsync(buffer) is var count and > 0)
        {
            total += count;
        }

        return total;
    }

    private async Task<(TlsPeer Peer, TlsConnection Ours)> ConnectAsync(
        string transport,
        SslProtocols version,
        bool requiresCloseNotify = true
    )
    {
        IConnectionListenerFactory factory =
            transport == RelayedPair.Loops && OperatingSystem.IsLinux()
                ? new EpollTransportFactory(new(_loops, _buffers))
                : new SocketTransportFactory(_buffers, _clock, TimeProvider.System);
        var (socket, ours) = await Loopback.ConnectAsync(factory);
        var accepting = TlsHandshake.AcceptAsync((TcpConnection)ours, version, requiresCloseNotify);
        var peer = await TlsPeer.AsClientAsync(socket, version);
        _peers.Add(peer);
        return (peer, await accepting.WaitAsync(_limit));
    }
}
