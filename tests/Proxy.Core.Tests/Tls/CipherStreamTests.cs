using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Core.Tests.Connections;
using Proxy.Limits;
using Proxy.Timing;
using Proxy.Tls;

namespace Proxy.Core.Tests.Tls;

/// <summary>The encrypted bytes of a peer that sends without end, such as records that hold nothing.</summary>
public sealed class CipherStreamTests : IDisposable
{
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly BufferPool _buffers = new();

    [Fact]
    public async Task Read_BytesAreAlwaysThere_OthersOfTheLoopHaveTheirTurns()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // Of a connection that is not handled on its loop, a turn may be over before the next read looks.
        var (peer, ours) = await Loopback.ConnectAsync(new EpollTransportFactory(new(_loops, new())), inline: true);
        using var owned = peer;
        await using var connection = (TcpConnection)ours;
        var cipher = new CipherStream(new EndlessConnection(connection).OpenStream(), connection.Buffers) { Turn = new(connection) };
        var turn = new OneTurn(cipher);

        connection.Post(turn); // on the loop, which cannot begin the next turn meanwhile

        Assert.InRange(await turn.Bytes.WaitAsync(Eventually.Limit), 1, BufferPool.BufferSize);
        Assert.Equal(OneTurn.Size, await turn.Next!.WaitAsync(Eventually.Limit));
        Assert.False(cipher.HasEnded);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_RecordsCameTogether_GetsOneEachTime(bool isPortable)
    {
        await using var pair = await Pair.OpenAsync(this, isPortable);
        byte[] all = [.. Record(1), .. Record(15_000), .. Record(0), .. Record(300)];

        await pair.Peer.SendAsync(all);
        await Eventually.TrueAsync(() => pair.Socket.Available == all.Length);

        Assert.Equal((int[])[6, 15_005, 5, 305], await pair.ReadAsync(4));
        Assert.Equal(0, _buffers.Outstanding);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_BufferIsSmallerThanARecord_GetsTheRestNextAndNoMore(bool isPortable)
    {
        await using var pair = await Pair.OpenAsync(this, isPortable);

        await pair.Peer.SendAsync((byte[])[.. Record(100), .. Record(7)]);

        Assert.Equal((int[])[40, 40, 25, 12], await pair.ReadAsync(4, size: 40));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_RecordIsNotWhole_WaitsInLittleMemoryUntilItIs(bool isPortable)
    {
        await using var pair = await Pair.OpenAsync(this, isPortable);
        var record = Record(10_000);

        await pair.Peer.SendAsync(record.AsMemory(0, 1000));
        var reading = pair.ReadAsync(1);
        await Eventually.TrueAsync(() => pair.Socket.Available == 0 && _buffers.Outstanding == 1);
        Assert.False(reading.IsCompleted);
        await pair.Peer.SendAsync(record.AsMemory(1000));

        Assert.Equal((int[])[record.Length], await reading);
        Assert.Equal(0, _buffers.Outstanding);
        Assert.False(pair.Cipher.HasEnded);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_EndsWithinARecord_GetsThatThenTheEnd(bool isPortable)
    {
        await using var pair = await Pair.OpenAsync(this, isPortable);

        await pair.Peer.SendAsync(Record(10_000).AsMemory(0, 1000));
        pair.Peer.Shutdown(SocketShutdown.Send);

        Assert.Equal((int[])[1000], await pair.ReadAsync(1));
        Assert.False(pair.Cipher.HasEnded);
        Assert.Equal((int[])[0], await pair.ReadAsync(1));
        Assert.True(pair.Cipher.HasEnded);
        Assert.Equal(0, _buffers.Outstanding);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_BytesAreNoTls_HandsThemOnBehindTheRecords(bool isPortable)
    {
        await using var pair = await Pair.OpenAsync(this, isPortable);

        await pair.Peer.SendAsync((byte[])[.. Record(10), .. "GET / HTTP/1.1"u8]);

        Assert.Equal((int[])[15, 14], await pair.ReadAsync(2));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Dispose_APartOfARecordWaits_ItsMemoryIsGivenBack(bool isPortable)
    {
        await using var pair = await Pair.OpenAsync(this, isPortable);
        await pair.Peer.SendAsync(Record(10_000).AsMemory(0, 1000));
        var reading = pair.ReadAsync(1);
        await Eventually.TrueAsync(() => pair.Socket.Available == 0 && _buffers.Outstanding == 1);

        await pair.Cipher.DisposeAsync();
        pair.Connection.Abort(new ConnectionAbortedException());

        await Assert.ThrowsAnyAsync<Exception>(() => reading.WaitAsync(Eventually.Limit));
        Assert.Equal(0, _buffers.Outstanding);
    }

    // What is kept is less than a record, which fits into half of a buffer.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_RecordIsNotWholeAndMemoryIsUsedUp_KeepsNoMoreThanARecordNeeds(bool isPortable)
    {
        var memory = new ByteBudget(BufferPool.BufferSize); // one buffer uses it up
        var buffers = new BufferPool(memory);
        await using var pair = await Pair.OpenAsync(this, isPortable, buffers);
        var record = Record(16_000);

        await pair.Peer.SendAsync(record.AsMemory(0, 10_000));
        var reading = pair.ReadAsync(1);
        await Eventually.TrueAsync(() => pair.Socket.Available == 0 && memory.Used is > 0 and <= 32 * 1024);
        Assert.False(reading.IsCompleted);
        await pair.Peer.SendAsync(record.AsMemory(10_000));

        Assert.Equal((int[])[record.Length], await reading);
        Assert.Equal((0, 0), (buffers.Outstanding, memory.Used));
    }

    [Fact]
    public async Task Dispose_WhileBytesAreTaken_NoBufferIsUsedOrGivenBackAfterIt()
    {
        const int Rounds = 3_000;
        var arrays = new WatchedArrays();
        var buffers = new BufferPool(arrays);
        using var barrier = new Barrier(2);
        var cipher = new CipherStream(new Records(), buffers);
        var disposing = Task.Factory.StartNew(
            () =>
            {
                for (var round = 0; round < Rounds; round++)
                {
                    barrier.SignalAndWait();
                    Thread.SpinWait(round % 300);
                    cipher.Dispose();
                    barrier.SignalAndWait();
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        await Task.Factory.StartNew(
            () =>
            {
                var destination = new byte[Records.Size + 1];
                for (var round = 0; round < Rounds; round++)
                {
                    barrier.SignalAndWait();
                    ReadUntilDisposed(cipher, destination);
                    barrier.SignalAndWait();
                    cipher = new CipherStream(new Records(), buffers);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        await disposing;

        Assert.Equal((0, 0), (buffers.Outstanding, arrays.Faults));
    }

    public void Dispose()
    {
        _loops.Dispose();
        _clock.Dispose();
    }

    private static void ReadUntilDisposed(CipherStream cipher, byte[] destination)
    {
        try
        {
            while (true)
            {
                var count = cipher.ReadAsync(destination).AsTask().GetAwaiter().GetResult();
                Assert.Equal(Records.One, destination.AsSpan(0, count));
            }
        }
        catch (ObjectDisposedException)
        {
            // As it should.
        }
    }

    private static byte[] Record(int length) => [23, 3, 3, (byte)(length >> 8), (byte)length, .. new byte[length]];

    private sealed class Pair(Socket peer, TcpConnection connection) : IAsyncDisposable
    {
        public Socket Peer => peer;

        public TcpConnection Connection => connection;

        public Socket Socket => connection.Features.Get<IConnectionSocketFeature>()!.Socket;

        public CipherStream Cipher { get; } = new(connection.OpenStream()!, connection.Buffers) { Turn = new(connection) };

        public static async Task<Pair> OpenAsync(CipherStreamTests tests, bool isPortable, BufferPool? pool = null)
        {
            var buffers = pool ?? tests._buffers;
            var (peer, ours) = await Loopback.ConnectAsync(
                isPortable || !OperatingSystem.IsLinux()
                    ? new SocketTransportFactory(buffers, tests._clock, TimeProvider.System)
                    : new EpollTransportFactory(new(tests._loops, buffers)),
                new IPEndPoint(IPAddress.Loopback, 0)
            );
            return new(peer, (TcpConnection)ours);
        }

        public async Task<int[]> ReadAsync(int count, int size = 32_768)
        {
            var counts = new int[count];
            for (var index = 0; index < count; index++)
            {
                counts[index] = await Cipher.ReadAsync(new byte[size]).AsTask().WaitAsync(Eventually.Limit);
            }

            return counts;
        }

        public async ValueTask DisposeAsync()
        {
            await Cipher.DisposeAsync();
            await connection.DisposeAsync();
            peer.Dispose();
        }
    }

    /// <summary>Reads as long as there is no wait.</summary>
    private sealed class OneTurn(CipherStream cipher) : IThreadPoolWorkItem
    {
        public const int Size = 16 * 1024;
        private readonly TaskCompletionSource<int> _bytes = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<int> Bytes => _bytes.Task;

        public Task<int>? Next { get; private set; }

        [SuppressMessage("Reliability", "CA2012", Justification = "Its result is taken when it is there.")]
        public void Execute()
        {
            var (total, reading) = (0, default(ValueTask<int>));
            while (total <= BufferPool.BufferSize && (reading = cipher.ReadAsync(new byte[Size])).IsCompletedSuccessfully)
            {
                total += reading.Result;
            }

            Next = reading.AsTask();
            _bytes.SetResult(total);
        }
    }

    /// <summary>A transport that has records at any time, and some of them later.</summary>
    private sealed class Records : ConnectionStream
    {
        public const int Size = 105;
        private const int Together = 5;
        private int _reads;

        public static byte[] One { get; } = [23, 3, 3, 0, Size - 5, .. Enumerable.Repeat((byte)7, Size - 5)];

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (buffer.IsEmpty)
            {
                return 0;
            }

            if (++_reads % 4 == 0)
            {
                await Task.Yield();
            }

            for (var i = 0; i < Together; i++)
            {
                One.CopyTo(buffer[(i * Size)..]);
            }

            return Together * Size;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();
    }

    /// <summary>Arrays that are unusable once they were given back.</summary>
    private sealed class WatchedArrays : ArrayPool<byte>
    {
        private readonly ConcurrentDictionary<byte[], bool> _rented = [];
        private int _faults;

        public int Faults => Volatile.Read(ref _faults);

        public override byte[] Rent(int minimumLength)
        {
            var array = new byte[1024]; // of which the test uses less
            _rented[array] = true;
            return array;
        }

        public override void Return(byte[] array, bool clearArray = false)
        {
            if (!_rented.TryRemove(array, out _))
            {
                Interlocked.Increment(ref _faults);
            }

            Array.Fill(array, byte.MaxValue);
        }
    }
}
