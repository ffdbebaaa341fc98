using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Core.Tests.EndToEnd.Connections;

/// <summary>A container's seccomp profile may refuse what the kernel could do.</summary>
public sealed class SpliceRefusedTests
{
    [Theory]
    [InlineData(1)] // EPERM
    [InlineData(38)] // ENOSYS
    public async Task Run_BulkOnALoopThatMayNotSplice_CopiedWhole(int errno)
    {
        if (!RefusedCall.IsKnownHere)
        {
            return;
        }

        using var loops = new EventLoopGroup(1, null, NullLogger.Instance);
        using var clock = new DeadlineClock(TimeProvider.System);
        var factory = new EpollTransportFactory(new EpollDependencies(loops, new BufferPool()));
        var (client, accepted) = await Loopback.ConnectAsync(factory);
        var (upstream, dialed) = await Loopback.ConnectAsync(factory);
        var source = (EpollConnection)accepted;
        Assert.True(source.TryEnter()); // and never exits, so that its descriptor stays open: see RefusedCall
        var refusal = new RefusedCall(275, 76, source.Number, errno);
        loops.Loops[0].Post(refusal); // a filter is a thread's own
        await refusal.Installed.WaitAsync(Eventually.Limit);
        var record = new ConnectionRecord(accepted, "", "", TimeProvider.System);
        var relay = new Relay(clock).RunAsync(accepted, dialed, new RelayOptions(), record).AsTask();
        var payload = new byte[5_000_000];
        Random.Shared.NextBytes(payload);

        var sending = client.SendAsync(payload).ContinueWith(_ => client.Shutdown(SocketShutdown.Send), TaskScheduler.Default);
        var (received, _) = await upstream.ReadToEndAsync();
        await sending;
        upstream.Shutdown(SocketShutdown.Send);

        Assert.Equal(payload, received);
        Assert.Equal(ConnectionOutcome.Completed, await relay.WaitAsync(Eventually.Limit));
        Assert.False(loops.Loops[0].Pipes.IsSpliceAllowed);
        client.Dispose();
        upstream.Dispose();
        await accepted.DisposeAsync();
        await dialed.DisposeAsync();
    }
}
