using System.Buffers;
using System.IO.Pipelines;
using System.Security.Authentication;
using Proxy.Connections;
using Proxy.Core.Tests.Tls;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Core.Tests.Connections;

/// <summary>Pipes whose segments have any size: large ones are passed on as they are, small ones are gathered.</summary>
public sealed class PipeRelayTests : IDisposable
{
    private readonly DeadlineClock _clock = new(RunningTime.OfProcess);

    public static TheoryData<string, string, SslProtocols> Ways => RelayedPair.Ways;

    [Theory]
    [InlineData(10, 20, 30)]
    [InlineData(10, 16 * 1024, 10)]
    [InlineData(16 * 1024, 10, 16 * 1024)]
    [InlineData(40_000, 40_000, 40_000)]
    [InlineData((16 * 1024) - 1, (16 * 1024) - 1, 100_000)]
    public async Task Run_SegmentsOfAnySize_ArriveInOrderAndAreCounted(params int[] sizes)
    {
        var (client, sent) = Connect();
        var (upstream, received) = Connect();
        var bytes = new byte[sizes.Sum()];
        Random.Shared.NextBytes(bytes);
        var begin = 0;
        foreach (var size in sizes)
        {
            bytes.AsSpan(begin, size).CopyTo(sent.Output.GetSpan(size)); // more than is left of a block begins another
            sent.Output.Advance(size);
            begin += size;
        }

        await sent.Output.FlushAsync();
        await sent.Output.CompleteAsync();
        await received.Output.CompleteAsync();
        var record = new ConnectionRecord(client, "test", "", TimeProvider.System);

        var outcome = await new Relay(_clock).RunAsync(client, upstream, new RelayOptions(), record);

        Assert.Equal(ConnectionOutcome.Completed, outcome);
        var arrived = await received.Input.ReadAtLeastAsync(bytes.Length);
        Assert.Equal(bytes, arrived.Buffer.ToArray());
        Assert.Equal((bytes.Length, 0), (record.ClientBytes, record.UpstreamBytes));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_WithinTls_BytesAndEndsPass(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version, throughPipes: true);
        var bytes = new byte[2_000_000];
        Random.Shared.NextBytes(bytes);

        var sending = SendAndEndAsync(pair.Client);
        var (up, upEnd) = await pair.Upstream.ReadToEndAsync();
        await sending;
        sending = SendAndEndAsync(pair.Upstream); // after the other direction has ended
        var (down, downEnd) = await pair.Client.ReadToEndAsync();
        await sending;

        Assert.Equal(bytes, up);
        Assert.Equal(bytes, down);
        Assert.Equal((PeerEnd.Clean, PeerEnd.Clean), (upEnd, downEnd));
        Assert.Equal(ConnectionOutcome.Completed, await pair.Relay.WaitAsync(Eventually.Limit));

        async Task SendAndEndAsync(TlsPeer peer)
        {
            await peer.SendAsync(bytes);
            await peer.EndAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Run_CutWithinTls_OtherSideIsReset(string transport, string tls, SslProtocols version)
    {
        await using var pair = await RelayedPair.StartAsync(transport, tls, version, throughPipes: true);
        var (peer, other, outcome) =
            tls == RelayedPair.Out
                ? (pair.Upstream, pair.Client, ConnectionOutcome.UpstreamTruncated)
                : (pair.Client, pair.Upstream, ConnectionOutcome.ClientTruncated);

        peer.Cut(withinARecord: false);

        Assert.Equal(PeerEnd.Reset, (await other.ReadToEndAsync()).End);
        Assert.Equal(outcome, await pair.Relay.WaitAsync(Eventually.Limit));
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

        await using var pair = await RelayedPair.StartAsync(transport, tls, version, throughPipes: true);
        await pair.Client.SendAsync("question"u8.ToArray());
        await pair.Client.EndWithinAsync();
        Assert.Equal(PeerEnd.Clean, (await pair.Upstream.ReadToEndAsync()).End);

        pair.Client.Reset();
        await Eventually.TrueAsync(() => pair.ClientSide.DepartedWithin(0) == PeerDeparture.Reset);
        Assert.False(pair.Relay.IsCompleted);
        await pair.Upstream.EndAsync();

        Assert.Equal(ConnectionOutcome.Completed, await pair.Relay.WaitAsync(Eventually.Limit));
    }

    [Theory]
    [InlineData(RelayedPair.Portable)]
    [InlineData(RelayedPair.Loops)]
    public async Task Run_ClientResetsAfterCloseNotifyAndUpstreamDoesNotEnd_UpstreamIsReset(string transport)
    {
        await using var pair = await RelayedPair.StartAsync(transport, RelayedPair.In, SslProtocols.Tls13, throughPipes: true);
        await pair.Client.EndWithinAsync();
        Assert.Equal(PeerEnd.Clean, (await pair.Upstream.ReadToEndAsync()).End);

        pair.Client.Reset();

        Assert.Equal(ConnectionOutcome.ClientReset, await pair.Relay.WaitAsync(Eventually.Limit));
        await pair.Upstream.SendUntilResetAsync();
    }

    [Fact]
    public async Task Run_EndIsNotTaken_HalfCloseTimeoutEndsBoth()
    {
        var (client, sent) = Connect();
        var (upstream, answers) = Connect();
        var taken = new TaskCompletionSource();
        upstream.Transport = new Ends(upstream.Transport.Input, new Untaken(upstream.Transport.Output, taken.Task));
        var record = new ConnectionRecord(client, "test", "", TimeProvider.System);
        var options = new RelayOptions { HalfCloseTimeout = TimeSpan.FromMilliseconds(200) };

        var relay = new Relay(_clock).RunAsync(client, upstream, options, record).AsTask();
        await sent.Output.CompleteAsync();
        await Eventually.TrueAsync(() => client.Aborted && upstream.Aborted);
        taken.SetResult(); // as the abort of a socket does
        await answers.Output.CompleteAsync();

        Assert.Equal(ConnectionOutcome.HalfCloseTimeout, await relay.WaitAsync(Eventually.Limit));
    }

    [Fact]
    public async Task Run_ReadFailsForWantOfMemory_BothSidesAreAborted()
    {
        var (client, _) = Connect();
        var (upstream, answers) = Connect();
        client.Transport = new Ends(new Failing(), client.Transport.Output);
        var record = new ConnectionRecord(client, "test", "", TimeProvider.System);

        var relay = new Relay(_clock).RunAsync(client, upstream, new RelayOptions(), record).AsTask();
        await Eventually.TrueAsync(() => client.Aborted && upstream.Aborted);
        await answers.Output.CompleteAsync(); // as the abort of a socket does

        await Assert.ThrowsAsync<InsufficientMemoryException>(() => relay.WaitAsync(Eventually.Limit));
    }

    public void Dispose() => _clock.Dispose();

    private static (FakeConnection Connection, IDuplexPipe Peer) Connect()
    {
        var options = new PipeOptions(pauseWriterThreshold: 0, minimumSegmentSize: 64, useSynchronizationContext: false);
        var (up, down) = (new Pipe(options), new Pipe(options));
        return (new FakeConnection { Transport = new Ends(up.Reader, down.Writer) }, new Ends(down.Reader, up.Writer));
    }

    private sealed class Failing : PipeReader
    {
        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
            throw new InsufficientMemoryException();

        public override bool TryRead(out ReadResult result) => throw new InsufficientMemoryException();

        public override void AdvanceTo(SequencePosition consumed) { }

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) { }

        public override void CancelPendingRead() { }

        public override void Complete(Exception? exception = null) { }
    }

    /// <summary>Its end waits, as close_notify does for a peer that does not read.</summary>
    private sealed class Untaken(PipeWriter inner, Task taken) : PipeWriter
    {
        public override void Advance(int bytes) => inner.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            inner.FlushAsync(cancellationToken);

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override async ValueTask CompleteAsync(Exception? exception = null)
        {
            await taken;
            await inner.CompleteAsync(exception);
        }
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
