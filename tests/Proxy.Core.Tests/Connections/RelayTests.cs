using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Core.Tests.Connections;

/// <summary>A client, the relay and an upstream on real sockets; every way of relaying.</summary>
public sealed class RelayTests : IAsyncLifetime
{
    private const string Portable = "portable";
    private const string Pipes = "portable, through pipes";
    private const string Loops = "event loops";
    private const string LoopPipes = "event loops, through pipes";
    private static readonly TimeSpan _limit = Eventually.Limit;
    private readonly BufferPool _buffers = new();
    private readonly DeadlineClock _clock = new(RunningTime.OfProcess);
    private readonly EventLoopGroup _loops = new(2, null, NullLogger.Instance);
    private readonly List<IAsyncDisposable> _open = [];

    [Theory]
    [InlineData(Portable)]
    [InlineData(Pipes)]
    [InlineData(Loops)]
    [InlineData(LoopPipes)]
    public async Task Run_BytesBothWays_ArriveWholeAndCounted(string way)
    {
        var (client, upstream, relay, record) = await StartAsync(way);
        var payload = new byte[3_000_000];
        Random.Shared.NextBytes(payload);

        var sending = SendAndEndAsync(client, payload);
        var received = await ReadToEndAsync(upstream);
        await sending;
        await SendAndEndAsync(upstream, payload.AsMemory(0, 1_000_000));
        var answer = await ReadToEndAsync(client);

        Assert.Equal(payload, received);
        Assert.Equal(payload[..1_000_000], answer);
        Assert.Equal(ConnectionOutcome.Completed, await relay.WaitAsync(_limit));
        Assert.Equal((3_000_000, 1_000_000), (record.ClientBytes, record.UpstreamBytes));
        Assert.Equal(0, _buffers.Outstanding);
        Assert.Equal(0, _clock.Count);
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Pipes)]
    [InlineData(Loops)]
    [InlineData(LoopPipes)]
    public async Task Run_ClientReadsAfterTheRelayHasClosed_GetsEverythingThenEnd(string way)
    {
        var (client, upstream, relay, _) = await StartAsync(way);
        var payload = new byte[300_000]; // more than the client's kernel accepts unread, less than the kernel of the relay holds
        Random.Shared.NextBytes(payload);

        client.Shutdown(SocketShutdown.Send);
        await SendAndEndAsync(upstream, payload);
        Assert.Equal(ConnectionOutcome.Completed, await relay.WaitAsync(_limit));
        await CloseAsync();

        Assert.Equal(payload, await ReadToEndAsync(client));
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Pipes)]
    [InlineData(Loops)]
    [InlineData(LoopPipes)]
    public async Task Run_UpstreamEndsFirst_ClientMayStillSend(string way)
    {
        var (client, upstream, relay, _) = await StartAsync(way);

        await SendAndEndAsync(upstream, "greeting"u8.ToArray());
        Assert.Equal("greeting"u8.ToArray(), await ReadToEndAsync(client));
        await SendAndEndAsync(client, "late"u8.ToArray());

        Assert.Equal("late"u8.ToArray(), await ReadToEndAsync(upstream));
        Assert.Equal(ConnectionOutcome.Completed, await relay.WaitAsync(_limit));
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Loops)]
    public async Task Run_UrgentDataBetween_WhatFollowsIsNotHeldBack(string way)
    {
        var (client, upstream, relay, _) = await StartAsync(way);

        for (var i = 0; i < 200; i++)
        {
            await client.SendAsync("before"u8.ToArray());
            client.Send("!"u8, SocketFlags.OutOfBand);
            await client.SendAsync("after"u8.ToArray());
            var received = new byte["beforeafter".Length];
            await using var stream = new NetworkStream(upstream, ownsSocket: false);
            await stream.ReadExactlyAsync(received).AsTask().WaitAsync(_limit);
            Assert.Equal("beforeafter"u8.ToArray(), received);
        }

        client.Shutdown(SocketShutdown.Send);
        upstream.Shutdown(SocketShutdown.Send);
        Assert.Equal(ConnectionOutcome.Completed, await relay.WaitAsync(_limit));
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Loops)]
    public async Task Run_ClientResets_UpstreamGetsBytesThenReset(string way)
    {
        var (client, upstream, relay, _) = await StartAsync(way);

        await client.SendAsync("last words"u8.ToArray());
        client.Close(0);
        var (bytes, reset) = await upstream.ReadToEndAsync();

        Assert.Equal("last words"u8.ToArray(), bytes);
        Assert.True(reset);
        Assert.Equal(ConnectionOutcome.ClientReset, await relay.WaitAsync(_limit));
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Loops)]
    public async Task Run_UpstreamResetsAfterItsFin_ClientIsReset(string way)
    {
        var (client, upstream, relay, _) = await StartAsync(way);

        await SendAndEndAsync(upstream, "bye"u8.ToArray());
        Assert.Equal("bye"u8.ToArray(), await ReadToEndAsync(client));
        upstream.Close(0);
        var outcome = SendUntilResetAsync(client);

        Assert.True(await outcome.WaitAsync(_limit));
        Assert.Equal(ConnectionOutcome.UpstreamReset, await relay.WaitAsync(_limit));
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Pipes)]
    [InlineData(Loops)]
    [InlineData(LoopPipes)]
    public async Task Run_Idle_BothReset(string way)
    {
        var (client, upstream, relay, _) = await StartAsync(way, new() { IdleTimeout = TimeSpan.FromMilliseconds(200) });

        Assert.True((await client.ReadToEndAsync()).Reset);
        Assert.True((await upstream.ReadToEndAsync()).Reset);
        Assert.Equal(ConnectionOutcome.IdleTimeout, await relay.WaitAsync(_limit));
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Pipes)]
    [InlineData(Loops)]
    [InlineData(LoopPipes)]
    public async Task Run_OneSideNeverEnds_HalfCloseTimeout(string way)
    {
        var (client, upstream, relay, _) = await StartAsync(way, new() { HalfCloseTimeout = TimeSpan.FromMilliseconds(200) });

        client.Shutdown(SocketShutdown.Send);

        Assert.Equal(ConnectionOutcome.HalfCloseTimeout, await relay.WaitAsync(_limit));
        Assert.Equal(ConnectionOutcome.HalfCloseTimeout, await relay);
        Assert.True((await client.ReadToEndAsync()).Reset);
        upstream.Dispose();
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Loops)]
    public async Task Run_SlowReader_MemoryIsBoundedAndNothingLost(string way)
    {
        var (client, upstream, relay, record) = await StartAsync(way);
        var payload = new byte[32 * 1024 * 1024];
        Random.Shared.NextBytes(payload);

        var sending = SendAndEndAsync(client, payload);
        var before = -1L;
        while (record.ClientBytes != before || before == 0)
        {
            before = record.ClientBytes;
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }

        Assert.InRange(_buffers.Outstanding, 0, 2);
        Assert.True(record.ClientBytes < payload.Length);
        Assert.Equal(payload, await ReadToEndAsync(upstream));
        await sending;
        upstream.Shutdown(SocketShutdown.Send);
        Assert.Equal(ConnectionOutcome.Completed, await relay.WaitAsync(_limit));
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Loops)]
    public async Task Run_UpstreamResetsAfterClientsEnd_ClientIsResetAndNotEnded(string way)
    {
        var (client, upstream, relay, _) = await StartAsync(way);

        await SendAndEndAsync(client, "request"u8.ToArray());
        Assert.Equal("request"u8.ToArray(), await ReadToEndAsync(upstream));
        await upstream.SendAsync(new byte[1_000_000]);
        upstream.Close(0);

        Assert.True((await client.ReadToEndAsync()).Reset);
        Assert.Equal(ConnectionOutcome.UpstreamReset, await relay.WaitAsync(_limit));
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Pipes)]
    [InlineData(Loops)]
    [InlineData(LoopPipes)]
    public async Task Close_FromOutsideAfterClientsEnd_BothAreReset(string way)
    {
        var (client, upstream, relay, record) = await StartAsync(way);
        client.Shutdown(SocketShutdown.Send);
        Assert.Empty(await ReadToEndAsync(upstream));

        record.Close(ConnectionOutcome.Drained);

        await relay.WaitAsync(_limit);
        Assert.True((await client.ReadToEndAsync()).Reset);
        Assert.True(await SendUntilResetAsync(upstream).WaitAsync(_limit));
    }

    // Otherwise a lock would admit the next client while its service still has the one before.
    [Theory]
    [InlineData(Portable, false)]
    [InlineData(Portable, true)]
    [InlineData(Pipes, false)]
    [InlineData(Pipes, true)]
    [InlineData(Loops, false)]
    [InlineData(Loops, true)]
    [InlineData(LoopPipes, false)]
    [InlineData(LoopPipes, true)]
    public async Task Run_ClientIsResetWhileAChildProcessHasCopies_UpstreamIsToldAtOnce(string way, bool unix)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var (client, upstream, relay, _) = await StartAsync(way, unix: unix);
        using var first = CopyOf(_open[0]);
        using var second = CopyOf(_open[1]);

        client.Close(0);

        Assert.Equal(ConnectionOutcome.ClientReset, await relay.WaitAsync(_limit));
        Assert.Equal(!unix, (await upstream.ReadToEndAsync()).Reset); // a unix socket has no reset
        Assert.Throws<SocketException>(() => upstream.Send(new byte[1]));
    }

    [Theory]
    [InlineData(Portable, false)]
    [InlineData(Portable, true)]
    [InlineData(Pipes, false)]
    [InlineData(Pipes, true)]
    [InlineData(Loops, false)]
    [InlineData(Loops, true)]
    [InlineData(LoopPipes, false)]
    [InlineData(LoopPipes, true)]
    public async Task Run_ClientEndsLastWhileAChildProcessHasCopies_UpstreamIsToldAtOnce(string way, bool unix)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var (client, upstream, relay, _) = await StartAsync(way, new() { EndsUpstreamAtOnce = true }, unix);
        using var first = CopyOf(_open[0]);
        using var second = CopyOf(_open[1]);

        upstream.Shutdown(SocketShutdown.Send);
        Assert.Empty(await ReadToEndAsync(client));
        client.Shutdown(SocketShutdown.Send);

        Assert.Empty(await ReadToEndAsync(upstream));
        Assert.Equal(ConnectionOutcome.Completed, await relay.WaitAsync(_limit));
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Loops)]
    public async Task Close_FromOutsideWhileUpstreamDoesNotRead_Ends(string way)
    {
        var (client, upstream, relay, record) = await StartAsync(way);
        await StallAsync(client);

        record.Close(ConnectionOutcome.Drained);

        await relay.WaitAsync(_limit);
        Assert.True((await upstream.ReadToEndAsync()).Reset);
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Loops)]
    public async Task Run_ClientResetsWhileUpstreamDoesNotRead_Ends(string way)
    {
        var (client, upstream, relay, _) = await StartAsync(way);
        await StallAsync(client);

        client.Close(0);

        Assert.Equal(ConnectionOutcome.ClientReset, await relay.WaitAsync(_limit));
        Assert.True((await upstream.ReadToEndAsync()).Reset);
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Loops)]
    public async Task Run_SlowReader_IsNotIdle(string way)
    {
        var (client, upstream, relay, _) = await StartAsync(way, new() { IdleTimeout = TimeSpan.FromSeconds(2) });
        var sending = SendAndEndAsync(upstream, new byte[20_000_000]);
        client.Shutdown(SocketShutdown.Send);
        var buffer = new byte[16 * 1024];

        // Slower than the idle time for the whole, never silent for so long.
        for (var i = 0; i < 150; i++)
        {
            Assert.NotEqual(0, await client.ReceiveAsync(buffer));
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        Assert.False((await client.ReadToEndAsync()).Reset);
        await sending;
        Assert.Equal(ConnectionOutcome.Completed, await relay.WaitAsync(_limit));
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Loops)]
    public async Task Run_ExactlyOneBufferSent_NoneIsHeldAfterwards(string way)
    {
        var (client, upstream, _, _) = await StartAsync(way);

        await client.SendAsync(new byte[BufferPool.BufferSize]);
        await upstream.ReadTextAsync(BufferPool.BufferSize);

        await Eventually.TrueAsync(() => _buffers.Outstanding == 0);
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Loops)]
    public async Task Run_ThousandsOfConnections_NothingLeaks(string way)
    {
        for (var round = 0; round < 1000; round++)
        {
            var (client, upstream, relay, _) = await StartAsync(way);
            await client.SendAsync(new byte[10]);
            if (round % 3 == 0)
            {
                client.Close(0);
            }
            else
            {
                client.Shutdown(SocketShutdown.Send);
            }

            await upstream.ReadToEndAsync();
            upstream.Dispose();
            await relay.WaitAsync(_limit);
            client.Dispose();
            await CloseAsync();
        }

        Assert.Equal(0, _buffers.Outstanding);
        Assert.Equal(0, _clock.Count);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await CloseAsync();
        _clock.Dispose();
        _loops.Dispose();
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Pipes)]
    [InlineData(Loops)]
    [InlineData(LoopPipes)]
    public async Task Run_Bandwidth_NeitherDirectionIsEverAheadOfItAndAllArrives(string way)
    {
        const int Rate = 2_000_000;
        const int Total = 1_500_000;
        var started = TimeProvider.System.GetTimestamp();
        var (client, upstream, relay, _) = await StartAsync(way, new RelayOptions { Bandwidth = Limited(Rate) });
        var payload = new byte[Total];
        Random.Shared.NextBytes(payload);

        await Task.WhenAll(
            SendAndEndAsync(client, payload),
            SendAndEndAsync(upstream, payload),
            ReadAtPaceAsync(client),
            ReadAtPaceAsync(upstream)
        );

        Assert.Equal(ConnectionOutcome.Completed, await relay.WaitAsync(_limit));
        Assert.Equal(0, _buffers.Outstanding);

        async Task ReadAtPaceAsync(Socket socket)
        {
            var (buffer, received) = (new byte[65536], 0);
            while (await socket.ReceiveAsync(buffer).WaitAsync(_limit) is var count and > 0)
            {
                Assert.True(payload.AsSpan(received, count).SequenceEqual(buffer.AsSpan(0, count)));
                received += count;
                var most = Rate * (TimeProvider.System.GetElapsedTime(started).TotalSeconds + 0.3); // with the burst
                Assert.True(received <= most, $"{received} bytes after {TimeProvider.System.GetElapsedTime(started)}");
            }

            Assert.Equal(Total, received);
        }
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Pipes)]
    [InlineData(Loops)]
    [InlineData(LoopPipes)]
    public async Task Run_BandwidthIsEdited_OpenConnectionHasTheNewOne(string way)
    {
        var bandwidth = new Bandwidth();
        var (client, upstream, relay, record) = await StartAsync(way, new RelayOptions { Bandwidth = bandwidth });
        await client.SendAsync("hello"u8.ToArray());
        Assert.Equal("hello", await upstream.ReadTextAsync(5));

        bandwidth.Set(1, isDryRun: false);
        var payload = new byte[100_000];
        Random.Shared.NextBytes(payload);
        await SendAndEndAsync(client, payload);
        await Eventually.TrueAsync(() => bandwidth.Reached == 1);
        Assert.InRange(record.ClientBytes, 5, 1_000);
        bandwidth.Set(0, isDryRun: false);

        Assert.Equal(payload, await ReadToEndAsync(upstream)); // at one byte a second, it would take a day
        upstream.Shutdown(SocketShutdown.Send);
        Assert.Equal(ConnectionOutcome.Completed, await relay.WaitAsync(_limit));
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Pipes)]
    [InlineData(Loops)]
    [InlineData(LoopPipes)]
    public async Task Run_ClosedWhileItWaitsForBandwidth_EndsAtOnce(string way)
    {
        var bandwidth = Limited(1);
        var (client, upstream, relay, record) = await StartAsync(way, new RelayOptions { Bandwidth = bandwidth });
        await client.SendAsync(new byte[100_000]);
        await Eventually.TrueAsync(() => bandwidth.Reached == 1);

        record.Close(ConnectionOutcome.ClosedByAdmin);

        await relay.WaitAsync(_limit);
        Assert.True((await upstream.ReadToEndAsync()).Reset);
        await CloseAsync();
        Assert.Equal(0, _buffers.Outstanding);
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Loops)]
    public async Task Run_UpstreamResetsWhileTheClientWaitsForBandwidth_ClientIsReset(string way)
    {
        var bandwidth = Limited(1);
        var (client, upstream, relay, _) = await StartAsync(way, new RelayOptions { Bandwidth = bandwidth });
        await client.SendAsync(new byte[100_000]);
        await Eventually.TrueAsync(() => bandwidth.Reached == 1);

        upstream.Close(0);

        Assert.Equal(ConnectionOutcome.UpstreamReset, await relay.WaitAsync(_limit));
        Assert.True((await client.ReadToEndAsync()).Reset);
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Pipes)]
    [InlineData(Loops)]
    public async Task Run_BandwidthInADryRun_NothingIsSlowedDown(string way)
    {
        var bandwidth = new Bandwidth();
        bandwidth.Set(1, isDryRun: true);
        var (client, upstream, _, _) = await StartAsync(way, new RelayOptions { Bandwidth = bandwidth });

        await SendAndEndAsync(client, new byte[200_000]);

        Assert.Equal(200_000, (await ReadToEndAsync(upstream)).Length);
        Assert.Equal(1, bandwidth.Reached);
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Loops)]
    public async Task Run_ResetBehindBytesThatWaitForBandwidth_TheyArriveFirst(string way)
    {
        const int Rate = 8_000; // all fits into the window: what the client still holds, its own reset discards
        var (client, upstream, relay, _) = await StartAsync(way, new RelayOptions { Bandwidth = Limited(Rate) });
        var payload = new byte[7 * Rate]; // seven seconds, longer than the time to flush without a limit
        Random.Shared.NextBytes(payload);
        await client.SendAsync(payload);

        client.Close(0);
        var (bytes, reset) = await upstream.ReadToEndAsync();

        Assert.Equal(payload, bytes);
        Assert.True(reset);
        Assert.Equal(ConnectionOutcome.ClientReset, await relay.WaitAsync(_limit));
    }

    [Fact]
    public async Task Check_ResetBehindBytesThatWaitForBandwidth_IsNotLateWhicheverThreadIsFirst()
    {
        const int EachTick = 2_000;
        var time = new LeapingTime();
        using var clock = new DeadlineClock(time);
        var (client, accepted) = await Loopback.ConnectAsync(new SocketTransportFactory(_buffers, clock, TimeProvider.System));
        var (upstream, dialed) = await Loopback.ConnectAsync(new SocketTransportFactory(_buffers, clock, TimeProvider.System));
        _open.AddRange([accepted, dialed]);
        var record = new ConnectionRecord(accepted, "test", "", TimeProvider.System);
        var bandwidth = Limited(4 * EachTick);
        var options = new RelayOptions { Bandwidth = bandwidth, HalfCloseTimeout = Timeout.InfiniteTimeSpan };
        var relay = new Relay(clock).RunAsync(accepted, dialed, options, record).AsTask();
        var payload = new byte[25 * EachTick];
        Random.Shared.NextBytes(payload);
        await client.SendAsync(payload);
        client.Close(0);
        var receiving = upstream.ReadToEndAsync();

        await Eventually.TrueAsync(() => bandwidth.Reached == 1);
        time.Leap(0); // the reset is noticed

        while (!relay.IsCompleted)
        {
            var before = record.ClientBytes;
            time.Leap(2_000); // three are longer than the time to flush without a limit
            await Eventually.TrueAsync(() =>
            {
                if (record.ClientBytes > before || relay.IsCompleted)
                {
                    return true; // else a thread that is late would seem to take seconds
                }

                time.Leap(0); // ends a pause that began by the time before the leap
                return false;
            });
        }

        var (bytes, reset) = await receiving;
        Assert.Equal(payload, bytes);
        Assert.True(reset);
        Assert.Equal(ConnectionOutcome.ClientReset, await relay.WaitAsync(_limit));
    }

    [Theory]
    [InlineData(Portable)]
    [InlineData(Loops)]
    public async Task Run_ResetBehindBytesThatWaitForBandwidthTooLong_EndsAtTheHalfCloseTimeout(string way)
    {
        var options = new RelayOptions { Bandwidth = Limited(1), HalfCloseTimeout = TimeSpan.FromSeconds(1) };
        var (client, upstream, relay, _) = await StartAsync(way, options);
        await client.SendAsync(new byte[100_000]);

        client.Close(0);

        Assert.True((await upstream.ReadToEndAsync()).Reset);
        Assert.Equal(ConnectionOutcome.ClientReset, await relay.WaitAsync(_limit));
    }

    [Fact]
    public async Task Run_PausesForBandwidth_HoldsNoKernelPipe()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var bandwidth = new Bandwidth();
        var (client, upstream, relay, record) = await StartAsync(Loops, new RelayOptions { Bandwidth = bandwidth });
        var pools = _loops.Loops.Select(static loop => loop.Pipes).ToArray();
        var sending = SendUntilResetAsync(client, 1 << 20);
        var reading = upstream.ReadToEndAsync();
        await Eventually.TrueAsync(() => pools.Sum(static pool => pool.InUse) == 1);

        bandwidth.Set(1, isDryRun: false);

        await Eventually.TrueAsync(() => pools.Sum(static pool => pool.InUse) == 0);
        Assert.False(relay.IsCompleted);
        record.Close(ConnectionOutcome.ClosedByAdmin);
        await Task.WhenAll(sending, reading, relay).WaitAsync(_limit);
    }

    private static Bandwidth Limited(int bytesPerSecond)
    {
        var bandwidth = new Bandwidth();
        bandwidth.Set(bytesPerSecond, isDryRun: false);
        return bandwidth;
    }

    private async Task CloseAsync()
    {
        foreach (var connection in _open)
        {
            await connection.DisposeAsync();
        }

        _open.Clear();
    }

    private async Task<(Socket Client, Socket Upstream, Task<ConnectionOutcome> Relay, ConnectionRecord Record)> StartAsync(
        string way,
        RelayOptions? options = null,
        bool unix = false
    )
    {
        var (client, accepted) = await PairAsync(way);
        var (upstream, dialed) = await PairAsync(way, unix);
        if (way is Pipes or LoopPipes)
        {
            accepted.Transport = accepted.Transport;
        }

        var record = new ConnectionRecord(accepted, "test", "", TimeProvider.System);
        return (client, upstream, new Relay(_clock).RunAsync(accepted, dialed, options ?? new RelayOptions(), record).AsTask(), record);
    }

    private async Task<(Socket Peer, ConnectionContext Ours)> PairAsync(string way, bool unix = false)
    {
        IConnectionListenerFactory factory =
            way is Loops or LoopPipes && OperatingSystem.IsLinux()
                ? new EpollTransportFactory(new EpollDependencies(_loops, _buffers))
                : new SocketTransportFactory(_buffers, _clock, TimeProvider.System);
        var (peer, ours) = await Loopback.ConnectAsync(factory, unix ? new UnixDomainSocketEndPoint(Loopback.NewUnixPath()) : null);
        _open.Add(ours);
        return (peer, ours);
    }

    private static DescriptorCopy CopyOf(IAsyncDisposable ours) =>
        new(((ConnectionContext)ours).Features.Get<IConnectionSocketFeature>()!.Socket);

    private static async Task SendAndEndAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        await socket.SendAsync(bytes);
        socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Sends until nobody takes any more: the upstream does not read.</summary>
    private static async Task StallAsync(Socket socket)
    {
        var bytes = new byte[1 << 20];
        var failures = 0;
        while (failures < 50)
        {
            try
            {
                socket.Blocking = false;
                await Task.Yield();
                socket.Send(bytes);
                failures = 0;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.WouldBlock)
            {
                failures++;
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            }
        }
    }

    private static async Task<byte[]> ReadToEndAsync(Socket socket)
    {
        var (bytes, reset) = await socket.ReadToEndAsync();
        Assert.False(reset);
        return bytes;
    }

    private static async Task<bool> SendUntilResetAsync(Socket socket, int count = 1)
    {
        try
        {
            while (true)
            {
                await socket.SendAsync(new byte[count]);
                await Task.Yield();
            }
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>A clock whose timers fire when the test says so.</summary>
    private sealed class LeapingTime : TimeProvider
    {
        private readonly List<Action> _timers = [];
        private long _now;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => Volatile.Read(ref _now);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _timers.Add(() => callback(state));
            return System.CreateTimer(static _ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan); // never due
        }

        public void Leap(int milliseconds)
        {
            Interlocked.Add(ref _now, milliseconds);
            _timers.ForEach(static fire => fire());
        }
    }
}
