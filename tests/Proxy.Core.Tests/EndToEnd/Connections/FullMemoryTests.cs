using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Diagnostics;
using Proxy.Limits;
using Proxy.Timing;

namespace Proxy.Core.Tests.EndToEnd.Connections;

/// <summary>Relays while the memory of the process for buffers is used up.</summary>
public sealed class FullMemoryTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_ReceiverSlowerThanTheSender_LittleIsKeptAndAllArrives(bool loops)
    {
        if (loops && !OperatingSystem.IsLinux())
        {
            return;
        }

        var memory = new ByteBudget(1);
        memory.Add(1);
        var buffers = new BufferPool(memory);
        using var clock = new DeadlineClock(TimeProvider.System);
        using var group = loops ? new EventLoopGroup(1, null, NullLogger.Instance) : null;
        IConnectionListenerFactory factory = group is not null
            ? new EpollTransportFactory(new EpollDependencies(group, buffers))
            : new SocketTransportFactory(buffers, clock, TimeProvider.System);
        var (client, accepted) = await Loopback.ConnectAsync(factory);
        var (upstream, dialed) = await Loopback.ConnectAsync(factory);
        var record = new ConnectionRecord(accepted, "", "", TimeProvider.System);
        var relay = new Relay(clock).RunAsync(accepted, dialed, new RelayOptions(), record).AsTask();
        var payload = new byte[20_000_000];
        Random.Shared.NextBytes(payload);

        var sending = client.SendAsync(payload).ContinueWith(_ => client.Shutdown(SocketShutdown.Send), TaskScheduler.Default);
        await Eventually.TrueAsync(() => upstream.Available > 100_000);
        var received = new byte[payload.Length];
        for (var count = 0; count < received.Length; )
        {
            count += await upstream.ReceiveAsync(received.AsMemory(count, Math.Min(50_000, received.Length - count)));
            Assert.InRange(memory.Used, 1, loops ? 1 : 1 + (2 * 4096)); // a small buffer for each direction, or none
        }

        await sending;
        upstream.Shutdown(SocketShutdown.Send);

        Assert.Equal(payload, received);
        Assert.Equal(ConnectionOutcome.Completed, await relay.WaitAsync(Eventually.Limit));
        Assert.Equal((1L, 0), (memory.Used, buffers.Outstanding));
        client.Dispose();
        upstream.Dispose();
        await accepted.DisposeAsync();
        await dialed.DisposeAsync();
    }
}
