using System.Security.Authentication;
using Proxy.Connections;
using Proxy.Core.Tests.Tls;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Core.Tests.Connections;

/// <summary>A client, the relay and an upstream on real sockets; TLS on one side or on both.</summary>
public sealed class StreamRelayTests
{
    private static readonly TimeSpan _limit = Eventually.Limit;

    public static TheoryData<string, string, SslProtocols> Ways => RelayedPair.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_BytesBothWaysAtOnce_ArriveWholeAndCounted(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version);
        var (up, down) = (Random(3_000_000), Random(2_000_000));

        var sending = Task.WhenAll(SendAndEndAsync(pair.Client, up), SendAndEndAsync(pair.Upstream, down));
        var received = await Task.WhenAll(pair.Upstream.ReadToEndAsync(), pair.Client.ReadToEndAsync());
        await sending;

        Assert.Equal((PeerEnd.Clean, PeerEnd.Clean), (received[0].End, received[1].End));
        Assert.Equal(up, received[0].Bytes);
        Assert.Equal(down, received[1].Bytes);
        Assert.Equal(ConnectionOutcome.Completed, await pair.Relay.WaitAsync(_limit));
        Assert.Equal((up.Length, down.Length), (pair.Record.ClientBytes, pair.Record.UpstreamBytes));
        Assert.Equal(0, pair.Buffers.Outstanding);
        await Eventually.TrueAsync(() => pair.Deadlines == 0);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_ClientEndsFirst_UpstreamMayStillSend(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version);

        await SendAndEndAsync(pair.Client, "question"u8.ToArray());
        var (question, end) = await pair.Upstream.ReadToEndAsync();
        Assert.Equal("question"u8.ToArray(), question);
        Assert.Equal(PeerEnd.Clean, end);
        Assert.False(pair.Relay.IsCompleted);
        var answer = Random(300_000);
        await SendAndEndAsync(pair.Upstream, answer);

        var (received, answerEnd) = await pair.Client.ReadToEndAsync();
        Assert.Equal(PeerEnd.Clean, answerEnd);
        Assert.Equal(answer, received);
        Assert.Equal(ConnectionOutcome.Completed, await pair.Relay.WaitAsync(_limit));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_UpstreamEndsFirst_ClientMayStillSend(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version);

        await SendAndEndAsync(pair.Upstream, "greeting"u8.ToArray());
        Assert.Equal(PeerEnd.Clean, (await pair.Client.ReadToEndAsync()).End);
        await SendAndEndAsync(pair.Client, "late"u8.ToArray());

        var (late, end) = await pair.Upstream.ReadToEndAsync();
        Assert.Equal("late"u8.ToArray(), late);
        Assert.Equal(PeerEnd.Clean, end);
        Assert.Equal(ConnectionOutcome.Completed, await pair.Relay.WaitAsync(_limit));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_ClientIsCut_UpstreamGetsItsBytesThenReset(string transport, string tls, SslProtocols version)
    {
        foreach (var withinARecord in (bool[])[false, true])
        {
            await using var pair = await RelayedPair.StartAsync(transport, tls, version);

            await pair.Client.SendAsync("incomplete"u8.ToArray());
            pair.Client.Cut(withinARecord && tls != RelayedPair.Out);
            var (bytes, end) = await pair.Upstream.ReadToEndAsync();

            Assert.Equal("incomplete"u8.ToArray(), bytes);
            if (tls == RelayedPair.Out)
            {
                Assert.Equal(PeerEnd.Clean, end); // without TLS, a FIN is an end
                continue;
            }

            Assert.Equal(PeerEnd.Reset, end);
            Assert.Equal(ConnectionOutcome.ClientTruncated, await pair.Relay.WaitAsync(_limit));
            Assert.Equal(PeerEnd.Reset, (await pair.Client.ReadToEndAsync()).End);
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_UpstreamIsCut_ClientGetsItsBytesThenReset(string transport, string tls, SslProtocols version)
    {
        foreach (var withinARecord in (bool[])[false, true])
        {
            await using var pair = await RelayedPair.StartAsync(transport, tls, version);

            await pair.Upstream.SendAsync("incomplete"u8.ToArray());
            pair.Upstream.Cut(withinARecord && tls != RelayedPair.In);
            var (bytes, end) = await pair.Client.ReadToEndAsync();

            Assert.Equal("incomplete"u8.ToArray(), bytes);
            if (tls == RelayedPair.In)
            {
                Assert.Equal(PeerEnd.Clean, end);
                continue;
            }

            Assert.Equal(PeerEnd.Reset, end);
            Assert.Equal(ConnectionOutcome.UpstreamTruncated, await pair.Relay.WaitAsync(_limit));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_NoCloseNotifyNeeded_CutIsAnEndExceptWithinARecord(string transport, string tls, SslProtocols version)
    {
        await using (var pair = await RelayedPair.StartAsync(transport, tls, version, requiresCloseNotify: false))
        {
            await pair.Client.SendAsync("question"u8.ToArray());
            pair.Client.Cut(withinARecord: false);
            var (question, end) = await pair.Upstream.ReadToEndAsync();
            Assert.Equal("question"u8.ToArray(), question);
            Assert.Equal(PeerEnd.Clean, end);
            await pair.Upstream.SendAsync("answer"u8.ToArray());
            pair.Upstream.Cut(withinARecord: false);
            var (answer, answerEnd) = await pair.Client.ReadToEndAsync();
            Assert.Equal("answer"u8.ToArray(), answer);
            Assert.Equal(PeerEnd.Clean, answerEnd);
            Assert.Equal(ConnectionOutcome.Completed, await pair.Relay.WaitAsync(_limit));
        }

        if (tls != RelayedPair.Out)
        {
            await using var pair = await RelayedPair.StartAsync(transport, tls, version, requiresCloseNotify: false);
            pair.Client.Cut(withinARecord: true);
            Assert.Equal(PeerEnd.Reset, (await pair.Upstream.ReadToEndAsync()).End);
            Assert.Equal(ConnectionOutcome.ClientTruncated, await pair.Relay.WaitAsync(_limit));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_ClientResets_UpstreamGetsBytesThenReset(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version);

        await pair.Client.SendAsync("last words"u8.ToArray());
        pair.Client.Reset();
        var (bytes, end) = await pair.Upstream.ReadToEndAsync();

        Assert.Equal("last words"u8.ToArray(), bytes);
        Assert.Equal(PeerEnd.Reset, end);
        Assert.Equal(ConnectionOutcome.ClientReset, await pair.Relay.WaitAsync(_limit));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_UpstreamResets_ClientGetsBytesThenReset(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version);

        await pair.Upstream.SendAsync("last words"u8.ToArray());
        pair.Upstream.Reset();
        var (bytes, end) = await pair.Client.ReadToEndAsync();

        Assert.Equal("last words"u8.ToArray(), bytes);
        Assert.Equal(PeerEnd.Reset, end);
        Assert.Equal(ConnectionOutcome.UpstreamReset, await pair.Relay.WaitAsync(_limit));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_UpstreamResetsAfterItsEnd_ClientThatStillSendsIsReset(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version);

        await SendAndEndAsync(pair.Upstream, "bye"u8.ToArray());
        Assert.Equal("bye"u8.ToArray(), (await pair.Client.ReadToEndAsync()).Bytes);
        pair.Upstream.Reset();
        await pair.Client.SendUntilResetAsync();

        Assert.Equal(ConnectionOutcome.UpstreamReset, await pair.Relay.WaitAsync(_limit));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_UpstreamResetsAfterClientsEnd_ClientIsReset(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version);

        await SendAndEndAsync(pair.Client, "request"u8.ToArray());
        Assert.Equal("request"u8.ToArray(), (await pair.Upstream.ReadToEndAsync()).Bytes);
        await pair.Upstream.SendAsync(new byte[1_000_000]);
        pair.Upstream.Reset();

        Assert.Equal(PeerEnd.Reset, (await pair.Client.ReadToEndAsync()).End);
        Assert.Equal(ConnectionOutcome.UpstreamReset, await pair.Relay.WaitAsync(_limit));
    }

    // As clients do that close at once, with session tickets unread.
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_ClientResetsAfterCloseNotify_UpstreamMayEndInTime(string transport, string tls, SslProtocols version)
    {
        if (tls == RelayedPair.Out)
        {
            return;
        }

        await using var pair = await RelayedPair.StartAsync(transport, tls, version);
        var payload = Random(300_000);
        var sending = Task.Run(async () =>
        {
            await pair.Client.SendAsync(payload);
            await pair.Client.EndWithinAsync();
        });
        var (bytes, end) = await pair.Upstream.ReadToEndAsync();
        await sending;
        Assert.Equal(payload, bytes);
        Assert.Equal(PeerEnd.Clean, end);

        pair.Client.Reset();
        await Eventually.TrueAsync(() => pair.ClientSide.DepartedWithin(0) == PeerDeparture.Reset);
        Assert.False(pair.Relay.IsCompleted);
        await pair.Upstream.EndAsync();

        Assert.Equal(ConnectionOutcome.Completed, await pair.Relay.WaitAsync(_limit));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_ClientResetsAfterCloseNotifyAndUpstreamGoesOn_UpstreamIsReset(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version);
        await pair.Client.EndAsync();
        Assert.Equal(PeerEnd.Clean, (await pair.Upstream.ReadToEndAsync()).End);

        pair.Client.Reset();
        await pair.Upstream.SendUntilResetAsync();

        Assert.Equal(ConnectionOutcome.ClientReset, await pair.Relay.WaitAsync(_limit));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_CloseNotifyWithoutFin_IsAnEnd(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version);
        if (tls != RelayedPair.Out)
        {
            await pair.Client.EndWithinAsync();
            Assert.Equal(PeerEnd.Clean, (await pair.Upstream.ReadToEndAsync()).End);
        }

        if (tls != RelayedPair.In)
        {
            await pair.Upstream.EndWithinAsync();
            Assert.Equal(PeerEnd.Clean, (await pair.Client.ReadToEndAsync()).End);
        }

        if (tls == RelayedPair.Both)
        {
            Assert.Equal(ConnectionOutcome.Completed, await pair.Relay.WaitAsync(_limit));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_PeerViolatesTls_BothAreReset(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version);
        var (wrong, other) = tls == RelayedPair.Out ? (pair.Upstream, pair.Client) : (pair.Client, pair.Upstream);

        wrong.Socket.Send([23, 3, 3, 0, 32, .. Random(32)]); // its authentication fails

        Assert.Equal(PeerEnd.Reset, (await other.ReadToEndAsync()).End);
        Assert.Equal(
            tls == RelayedPair.Out ? ConnectionOutcome.UpstreamTlsFailed : ConnectionOutcome.TlsFailed,
            await pair.Relay.WaitAsync(_limit)
        );
        Assert.NotEqual(PeerEnd.Clean, (await wrong.ReadToEndAsync()).End);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_PeerViolatesTlsBehindItsBytes_OtherGetsThemThenReset(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version);
        var (wrong, other) = tls == RelayedPair.Out ? (pair.Upstream, pair.Client) : (pair.Client, pair.Upstream);
        var payload = Random(20_000); // two records

        await wrong.SendWithAsync(payload, [23, 3, 3, 0, 32, .. Random(32)]);
        var (bytes, end) = await other.ReadToEndAsync();

        Assert.Equal(payload, bytes);
        Assert.Equal(PeerEnd.Reset, end);
        Assert.Equal(
            tls == RelayedPair.Out ? ConnectionOutcome.UpstreamTlsFailed : ConnectionOutcome.TlsFailed,
            await pair.Relay.WaitAsync(_limit)
        );
        Assert.Equal(0, pair.Buffers.Outstanding);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_SlowReader_MemoryIsBoundedAndNothingLost(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version);
        var payload = Random(24 * 1024 * 1024);

        var sending = SendAndEndAsync(pair.Client, payload);
        var before = -1L;
        while (pair.Record.ClientBytes != before || before == 0)
        {
            before = pair.Record.ClientBytes;
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }

        Assert.InRange(pair.Buffers.Outstanding, 0, 3);
        Assert.True(pair.Record.ClientBytes < payload.Length);
        Assert.Equal(payload, (await pair.Upstream.ReadToEndAsync()).Bytes);
        await sending;
        await pair.Upstream.EndAsync();
        Assert.Equal(ConnectionOutcome.Completed, await pair.Relay.WaitAsync(_limit));
        Assert.Equal(0, pair.Buffers.Outstanding);
    }

    [Fact]
    public async Task Run_ClientResetsWhileUpstreamDoesNotRead_Ends()
    {
        await Task.WhenAll(Ways.Select(EndsAsync)); // at once, since each takes the whole time to flush

        static async Task EndsAsync(object[] way)
        {
            await using var pair = await RelayedPair.StartAsync((string)way[0], (string)way[1], (SslProtocols)way[2]);
            var sending = pair.Client.SendUntilResetAsync(new byte[1 << 20]);
            await StallsAsync(pair);

            pair.Client.Reset();

            Assert.Equal(
                (string.Join(", ", way), ConnectionOutcome.ClientReset),
                (string.Join(", ", way), await pair.Relay.WaitAsync(_limit))
            );
            Assert.Equal(PeerEnd.Reset, (await pair.Upstream.ReadToEndAsync()).End);
            await sending;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Close_FromOutsideWhileUpstreamDoesNotRead_Ends(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version);
        var sending = pair.Client.SendUntilResetAsync(new byte[1 << 20]);
        await StallsAsync(pair);

        pair.Record.Close(ConnectionOutcome.Drained);

        await pair.Relay.WaitAsync(_limit);
        Assert.Equal(PeerEnd.Reset, (await pair.Upstream.ReadToEndAsync()).End);
        await sending;
        Assert.Equal(0, pair.Buffers.Outstanding);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Close_FromOutside_BothAreReset(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version);

        pair.Record.Close(ConnectionOutcome.ClosedByAdmin);

        await pair.Relay.WaitAsync(_limit);
        Assert.Equal(PeerEnd.Reset, (await pair.Client.ReadToEndAsync()).End);
        Assert.Equal(PeerEnd.Reset, (await pair.Upstream.ReadToEndAsync()).End);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_DeadlinePasses_BothAreResetWithItsOutcome(string transport, string tls, SslProtocols version)
    {
        var time = TimeSpan.FromMilliseconds(200);
        await EndsByAsync(new() { IdleTimeout = time }, ConnectionOutcome.IdleTimeout, halfClosed: false);
        await EndsByAsync(new() { MaxDuration = time }, ConnectionOutcome.DurationExpired, halfClosed: false);
        await EndsByAsync(new() { HalfCloseTimeout = time }, ConnectionOutcome.HalfCloseTimeout, halfClosed: true);

        async Task EndsByAsync(RelayOptions options, ConnectionOutcome outcome, bool halfClosed)
        {
            await using var pair = await RelayedPair.StartAsync(transport, tls, version, options);
            if (halfClosed)
            {
                await pair.Client.EndAsync(); // whether the upstream reads that before the reset, which discards what is unread, depends on time
            }

            Assert.Equal(outcome, await pair.Relay.WaitAsync(_limit));
            Assert.Equal(PeerEnd.Reset, (await pair.Client.ReadToEndAsync()).End);
            if (!halfClosed)
            {
                Assert.Equal(PeerEnd.Reset, (await pair.Upstream.ReadToEndAsync()).End);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_Bandwidth_AllArrivesAndNotTooSoon(string transport, string tls, SslProtocols version)
    {
        const int Rate = 2_000_000;
        const int Total = 1_500_000;
        var bandwidth = new Bandwidth();
        bandwidth.Set(Rate, isDryRun: false);
        var started = TimeProvider.System.GetTimestamp();
        await using var pair = await RelayedPair.StartAsync(transport, tls, version, new() { Bandwidth = bandwidth });
        var payload = Random(Total);

        var sending = Task.WhenAll(SendAndEndAsync(pair.Client, payload), SendAndEndAsync(pair.Upstream, payload));
        var received = await Task.WhenAll(pair.Upstream.ReadToEndAsync(), pair.Client.ReadToEndAsync());
        var elapsed = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        await sending;

        Assert.Equal(payload, received[0].Bytes);
        Assert.Equal(payload, received[1].Bytes);
        Assert.True(Total <= Rate * (elapsed + 0.3), $"{Total} bytes in {elapsed} s"); // with the burst
        Assert.Equal(ConnectionOutcome.Completed, await pair.Relay.WaitAsync(_limit));
    }

    [Theory]
    [InlineData(RelayedPair.Portable)]
    [InlineData(RelayedPair.Loops)]
    public async Task Run_ResetBehindBytesThatWaitForBandwidth_TheyArriveFirst(string transport)
    {
        const int Rate = 8_000; // all fits into the window: what the client still holds, its own reset discards
        var bandwidth = new Bandwidth();
        bandwidth.Set(Rate, isDryRun: false);
        await using var pair = await RelayedPair.StartAsync(transport, RelayedPair.In, SslProtocols.Tls13, new() { Bandwidth = bandwidth });
        var payload = Random(7 * Rate); // seven seconds, longer than the time to flush without a limit
        await pair.Client.SendAsync(payload);

        pair.Client.Reset();
        var (bytes, end) = await pair.Upstream.ReadToEndAsync();

        Assert.Equal(payload, bytes);
        Assert.Equal(PeerEnd.Reset, end);
        Assert.Equal(ConnectionOutcome.ClientReset, await pair.Relay.WaitAsync(_limit));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_RecordsOfOneByte_ArriveInOrder(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version);
        var payload = Random(3_000);

        var receiving = pair.Upstream.ReadAsync(payload.Length);
        foreach (var value in payload)
        {
            await pair.Client.SendAsync(new[] { value });
        }

        Assert.Equal(payload, await receiving);
        await Eventually.TrueAsync(() => pair.Record.ClientBytes == payload.Length && pair.Buffers.Outstanding == 0);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_QuestionsAndAnswers_HoldNoBufferInBetween(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version);
        for (var size = 1; size < 200_000; size *= 3)
        {
            var (question, answer) = (Random(size), Random(size));
            await pair.Client.SendAsync(question);
            Assert.Equal(question, await pair.Upstream.ReadAsync(size));
            await pair.Upstream.SendAsync(answer);
            Assert.Equal(answer, await pair.Client.ReadAsync(size));
            await Eventually.TrueAsync(() => pair.Buffers.Outstanding == 0);
        }

        // The one deadline of the relay is where its connections live.
        Assert.Equal(1, pair.Deadlines);
    }

    [Fact]
    public async Task Run_OneDirectionFailsForWantOfMemory_EndsAfterTheOther()
    {
        using var clock = new DeadlineClock(TimeProvider.System);
        var (peer, real) = await Loopback.ConnectAsync(new BufferPool(), clock);
        var waiting = new TaskCompletionSource<int>();
        var client = new ReadConnection(real, () => waiting.Task);
        var upstream = new ReadConnection(real, static () => throw new InsufficientMemoryException());
        var record = new ConnectionRecord(client, "test", "", TimeProvider.System);

        var running = StreamRelay.TryCreate(client, upstream, new(), record, clock)!.RunAsync();

        Assert.False(running.IsCompleted); // the other direction still uses the streams
        waiting.SetException(new IOException()); // as the abort of a socket does
        await Assert.ThrowsAsync<InsufficientMemoryException>(() => running.WaitAsync(_limit));
        await real.DisposeAsync();
        peer.Dispose();
    }

    private static async Task StallsAsync(RelayedPair pair)
    {
        var before = -1L;
        while (pair.Record.ClientBytes != before || before == 0)
        {
            before = pair.Record.ClientBytes;
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }
    }

    private static byte[] Random(int count)
    {
        var bytes = new byte[count];
        System.Random.Shared.NextBytes(bytes);
        return bytes;
    }

    private static async Task SendAndEndAsync(TlsPeer peer, byte[] bytes)
    {
        for (var sent = 0; sent < bytes.Length; )
        {
            var count = Math.Min(bytes.Length - sent, System.Random.Shared.Next(1, 100_000));
            await peer.SendAsync(bytes.AsMemory(sent, count));
            sent += count;
        }

        await peer.EndAsync();
    }

    private sealed class ReadConnection(TcpConnection real, Func<Task<int>> read) : EndlessConnection(real)
    {
        public override Stream OpenStream() => new ReadStream(read);
    }

    private sealed class ReadStream(Func<Task<int>> read) : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(read());
    }
}
