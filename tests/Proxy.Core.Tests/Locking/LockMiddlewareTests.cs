using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Configuration.Locking;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Diagnostics;
using Proxy.Locking;
using Proxy.Native;
using Proxy.Timing;

namespace Proxy.Core.Tests.Locking;

/// <summary>Clients with real sockets in front of a lock, on both transports; what is behind it is in the test's hands.</summary>
public sealed class LockMiddlewareTests : IAsyncLifetime
{
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly EventLoopGroup _loops = new(2, null, NullLogger.Instance);
    private readonly List<(Socket Peer, ConnectionContext Ours)> _open = [];
    private readonly ConcurrentQueue<string> _log = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_SilentFinInTheQueue_LeavesAndTakesNoPermit(bool loops)
    {
        using var locked = new TestLock();
        var pipeline = locked.Use(locked.Settings);
        var holder = await ComeAsync(pipeline, loops);
        var leaving = await ComeAsync(pipeline, loops);
        var next = await ComeAsync(pipeline, loops);

        leaving.Peer.Shutdown(SocketShutdown.Send);

        Assert.Equal(ConnectionOutcome.LeftQueue, await leaving.EndAsync());
        locked.Service.End(holder.Record.Id);
        Assert.Equal(ConnectionOutcome.Completed, await holder.EndAsync());
        await Eventually.TrueAsync(() => locked.Service.Came.Count == 2);
        Assert.Equal([holder.Record.Id, next.Record.Id], locked.Service.Came);
        locked.Service.End(next.Record.Id);
        await next.EndAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_FirstByteAwaited_ProbesCostNoPermitAndNoActivation(bool loops)
    {
        using var locked = new TestLock();
        var pipeline = locked.Use(locked.WithHooks with { ActivateOn = ActivateOn.FirstByte });
        var probes = new List<Client>();
        for (var i = 0; i < 10; i++)
        {
            probes.Add(await ComeAsync(pipeline, loops));
        }

        Assert.Equal((10, 0, 0), (locked.Status.Silent, locked.Status.Holding.Count, locked.Status.Waiting.Count));
        var client = await ComeAsync(pipeline, loops, "request");
        await Eventually.TrueAsync(() => locked.Service.Came.Contains(client.Record.Id));
        Assert.Single(locked.Service.Came);
        foreach (var probe in probes.Take(5))
        {
            probe.Peer.Shutdown(SocketShutdown.Send);
            Assert.Equal(ConnectionOutcome.Completed, await probe.EndAsync());
        }

        foreach (var probe in probes.Skip(5))
        {
            probe.Peer.Close(0);
            Assert.Equal(ConnectionOutcome.ClientReset, await probe.EndAsync());
        }

        Assert.Equal((0, 1), (locked.Status.Silent, locked.Activate.Events.Count));
        locked.Service.End(client.Record.Id);
        Assert.Equal(ConnectionOutcome.Completed, await client.EndAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_FirstByteComesLater_PlaceByFirstByteAndTheByteIsUnread(bool loops)
    {
        using var locked = new TestLock();
        var pipeline = locked.Use(locked.Settings with { ActivateOn = ActivateOn.FirstByte });
        var early = await ComeAsync(pipeline, loops);
        var late = await ComeAsync(pipeline, loops);

        await late.Peer.SendAsync("x"u8.ToArray());
        await Eventually.TrueAsync(() => locked.Status.Holding.Count == 1);
        await early.Peer.SendAsync("x"u8.ToArray());
        await Eventually.TrueAsync(() => locked.Status.Waiting.Count == 1);

        Assert.Equal(late.Record.Id, Assert.Single(locked.Status.Holding).ConnectionId);
        Assert.Equal(1, Native(late.Ours).Available);
        locked.Service.End(late.Record.Id);
        await Eventually.TrueAsync(() => locked.Service.Came.Contains(early.Record.Id));
        locked.Service.End(early.Record.Id);
        Assert.Equal(ConnectionOutcome.Completed, await early.EndAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_ByteAndFinAtOnce_Served(bool loops)
    {
        using var locked = new TestLock();
        var pipeline = locked.Use(locked.Settings with { ActivateOn = ActivateOn.FirstByte });
        var client = await ComeAsync(pipeline, loops);

        await client.Peer.SendAsync("x"u8.ToArray());
        client.Peer.Shutdown(SocketShutdown.Send);

        await Eventually.TrueAsync(() => locked.Service.Came.Contains(client.Record.Id));
        locked.Service.End(client.Record.Id);
        Assert.Equal(ConnectionOutcome.Completed, await client.EndAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_SilentForTheIdleTimeout_Reset(bool loops)
    {
        var time = new ManualTime();
        using var locked = new TestLock(time);
        var pipeline = locked.Use(locked.Settings with { ActivateOn = ActivateOn.FirstByte, IdleTimeout = TimeSpan.FromMinutes(1) });
        var silent = await ComeAsync(pipeline, loops);

        await time.WaitForTimerAsync(TimeSpan.FromMinutes(1));
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(ConnectionOutcome.IdleTimeout, await silent.EndAsync());
        Assert.True((await silent.Peer.ReadToEndAsync()).Reset);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_EditedWhileSilent_TakesItsPlaceOrIsClosed(bool loops)
    {
        using var locked = new TestLock();
        var awaiting = locked.Settings with { ActivateOn = ActivateOn.FirstByte };
        var pipeline = locked.Use(awaiting);
        var first = await ComeAsync(pipeline, loops);

        pipeline = locked.Use(locked.Settings);
        await Eventually.TrueAsync(() => locked.Service.Came.Contains(first.Record.Id));
        pipeline = locked.Use(awaiting);
        var second = await ComeAsync(pipeline, loops);
        locked.Registry.Apply([]);

        Assert.Equal(ConnectionOutcome.Drained, await second.EndAsync());
        locked.Service.End(first.Record.Id);
        await first.EndAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_DrainedWhileSilent_ClosedAtOnceAndNotReset(bool loops)
    {
        using var locked = new TestLock();
        var silent = await ComeAsync(locked.Use(locked.Settings with { ActivateOn = ActivateOn.FirstByte }), loops);

        silent.Record.BeginDrain(TimeSpan.FromHours(1));

        Assert.Equal(ConnectionOutcome.Drained, await silent.EndAsync());
        await silent.Ours.DisposeAsync();
        Assert.False((await silent.Peer.ReadToEndAsync()).Reset);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_BytesAndFinInTheQueue_Served(bool loops)
    {
        using var locked = new TestLock();
        var pipeline = locked.Use(locked.Settings);
        var holder = await ComeAsync(pipeline, loops);
        var half = await ComeAsync(pipeline, loops, "request");
        half.Peer.Shutdown(SocketShutdown.Send);
        await Eventually.TrueAsync(() => !OperatingSystem.IsLinux() || half.HasSeenEnd());

        locked.Service.End(holder.Record.Id);

        await Eventually.TrueAsync(() => locked.Service.Came.Contains(half.Record.Id));
        locked.Service.End(half.Record.Id);
        Assert.Equal(ConnectionOutcome.Completed, await half.EndAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_BytesAndFinButEveryEndCounts_Leaves(bool loops)
    {
        using var locked = new TestLock();
        var pipeline = locked.Use(locked.Settings with { DropQueued = DropQueued.Always });
        _ = await ComeAsync(pipeline, loops);
        var leaving = await ComeAsync(pipeline, loops, "request");

        leaving.Peer.Shutdown(SocketShutdown.Send);

        Assert.Equal(ConnectionOutcome.LeftQueue, await leaving.EndAsync());
    }

    [Theory]
    [InlineData(false, DropQueued.WhenSilent)]
    [InlineData(false, DropQueued.OnReset)]
    [InlineData(true, DropQueued.WhenSilent)]
    [InlineData(true, DropQueued.OnReset)]
    public async Task Run_ResetInTheQueueAfterBytes_Leaves(bool loops, DropQueued drop)
    {
        using var locked = new TestLock();
        var pipeline = locked.Use(locked.Settings with { DropQueued = drop });
        _ = await ComeAsync(pipeline, loops);
        var leaving = await ComeAsync(pipeline, loops, "request");

        leaving.Peer.Close(0);

        Assert.Equal(ConnectionOutcome.LeftQueue, await leaving.EndAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_ResetAfterFinThatDoesNotCount_Leaves(bool loops)
    {
        using var locked = new TestLock();
        var pipeline = locked.Use(locked.Settings with { DropQueued = DropQueued.OnReset });
        _ = await ComeAsync(pipeline, loops);
        var leaving = await ComeAsync(pipeline, loops);
        leaving.Peer.Shutdown(SocketShutdown.Send);
        await Eventually.TrueAsync(() => !OperatingSystem.IsLinux() || leaving.HasSeenEnd());

        leaving.Peer.Close(0);

        Assert.Equal(ConnectionOutcome.LeftQueue, await leaving.EndAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_ClosedByUsInTheQueue_ThatIsTheOutcome(bool loops)
    {
        using var locked = new TestLock();
        var pipeline = locked.Use(locked.Settings);
        _ = await ComeAsync(pipeline, loops);
        var waiter = await ComeAsync(pipeline, loops);

        waiter.Record.Close(ConnectionOutcome.ClosedByAdmin);

        Assert.Equal(ConnectionOutcome.ClosedByAdmin, await waiter.EndAsync());
        Assert.Empty(locked.Status.Waiting);
        Assert.True((await waiter.Peer.ReadToEndAsync()).Reset);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_HeldTooLong_ResetThenTimeoutHookThenTheNextActivation(bool loops)
    {
        var time = new ManualTime();
        using var locked = new TestLock(time);
        Record(locked);
        locked.Timeout.Hold();
        var pipeline = locked.Use(locked.WithHooks with { MaxHold = TimeSpan.FromSeconds(20) });
        var slow = await ComeAsync(pipeline, loops);
        await Eventually.TrueAsync(() => locked.Service.Serving == 1);
        var next = await ComeAsync(pipeline, loops);

        time.Advance(TimeSpan.FromSeconds(20));
        Assert.True((await slow.Peer.ReadToEndAsync()).Reset);
        locked.Service.End(slow.Record.Id);
        Assert.Equal(ConnectionOutcome.HoldExpired, await slow.EndAsync());
        await Eventually.TrueAsync(() => locked.Timeout.IsRunning);
        Assert.Single(locked.Activate.Events);
        locked.Timeout.LetGo();

        await Eventually.TrueAsync(() => locked.Service.Serving == 1);
        Assert.Equal(["+activate", "-activate", "+timeout", "-timeout", "+release", "-release", "+activate", "-activate"], _log);
        Assert.Equal([(1, false), (2, true)], locked.Activate.Events.Select(static x => (x.Activation, x.AfterTimeout)));
        locked.Service.End(next.Record.Id);
        await next.EndAsync();
    }

    [Fact]
    public async Task Run_ActivationFails_ClientClosedAndTheNextWaitsAndIsNotCounted()
    {
        var time = new ManualTime();
        using var locked = new TestLock(time);
        locked.Activate.Fails = true;
        var pipeline = locked.Use(locked.WithHooks);
        var unlucky = await ComeAsync(pipeline, loops: false);
        Assert.Equal(ConnectionOutcome.HookFailed, await unlucky.EndAsync());
        var next = await ComeAsync(pipeline, loops: false);
        Assert.Equal(next.Record.Id, Assert.Single(locked.Status.Waiting).ConnectionId);

        locked.Activate.Fails = false;
        await Eventually.TrueAsync(() => locked.Status.Holding.Count == 0);
        time.Advance(TimeSpan.FromSeconds(1));

        await Eventually.TrueAsync(() => locked.Service.Serving == 1);
        Assert.Equal([1, 1], locked.Activate.Events.Select(static x => x.Activation));
        Assert.Empty(locked.Release.Events);
        locked.Service.End(next.Record.Id);
        await next.EndAsync();
    }

    [Fact]
    public async Task Run_ActivationFailsAndMayProceed_Served()
    {
        using var locked = new TestLock();
        locked.Activate.Fails = true;
        var client = await ComeAsync(locked.Use(locked.WithHooks with { ProceedsOnHookFailure = true }), loops: false);

        await Eventually.TrueAsync(() => locked.Service.Serving == 1);

        locked.Service.End(client.Record.Id);
        Assert.Equal(ConnectionOutcome.Completed, await client.EndAsync());
    }

    [Theory]
    [InlineData(ConnectionOutcome.ConnectFailed)]
    [InlineData(ConnectionOutcome.UpstreamTlsFailed)]
    [InlineData(ConnectionOutcome.NoDestination)]
    public async Task Run_ServiceDown_QueueIsNotUsedUp(ConnectionOutcome outcome)
    {
        var refuses = outcome != ConnectionOutcome.NoDestination;
        var time = new ManualTime();
        using var locked = new TestLock(time);
        locked.Service.IsDown = refuses;
        locked.Service.WhenDown = outcome;
        locked.Service.HasNone = !refuses;
        var pipeline = locked.Use(locked.Settings);
        var clients = new List<Client>();
        for (var i = 0; i < 5; i++)
        {
            clients.Add(await ComeAsync(pipeline, loops: false));
        }

        Assert.Equal(outcome, await clients[0].EndAsync());
        await Eventually.TrueAsync(() => locked.Status.Holding.Count == 0);
        Assert.Equal(4, locked.Status.Waiting.Count);
        time.Advance(TimeSpan.FromSeconds(1));
        await clients[1].EndAsync();
        await Eventually.TrueAsync(() => locked.Status.Holding.Count == 0);
        Assert.Equal(3, locked.Status.Waiting.Count);
        (locked.Service.IsDown, locked.Service.HasNone) = (false, false);
        time.Advance(TimeSpan.FromSeconds(2));

        foreach (var client in clients.Skip(2))
        {
            await Eventually.TrueAsync(() => locked.Service.Came.Contains(client.Record.Id));
            locked.Service.End(client.Record.Id);
            Assert.Equal(ConnectionOutcome.Completed, await client.EndAsync());
        }
    }

    [Fact]
    public async Task Run_HeldTooLongByADestinationThatNeverAnswered_QueueIsNotUsedUp()
    {
        var time = new ManualTime();
        using var locked = new TestLock(time);
        locked.Service.Hangs = true;
        var pipeline = locked.Use(locked.Settings with { MaxHold = TimeSpan.FromSeconds(20) });
        var unlucky = await ComeAsync(pipeline, loops: false);
        var next = await ComeAsync(pipeline, loops: false);

        time.Advance(TimeSpan.FromSeconds(20));
        locked.Service.End(unlucky.Record.Id);
        Assert.Equal(ConnectionOutcome.HoldExpired, await unlucky.EndAsync());
        await Eventually.TrueAsync(() => locked.Status.Holding.Count == 0);

        Assert.Equal(next.Record.Id, Assert.Single(locked.Status.Waiting).ConnectionId);
        locked.Service.Hangs = false;
        time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => locked.Service.Serving == 1);
        locked.Service.End(next.Record.Id);
        Assert.Equal(ConnectionOutcome.Completed, await next.EndAsync());
    }

    [Fact]
    public async Task Run_HeldTooLongWhileAnotherIsActivated_TheNextActivationIsAfterATimeout()
    {
        var time = new ManualTime();
        using var locked = new TestLock(time);
        var pipeline = locked.Use(locked.WithHooks with { Permits = 2, MaxHold = TimeSpan.FromSeconds(20) });
        var slow = await ComeAsync(pipeline, loops: false);
        await Eventually.TrueAsync(() => locked.Service.Serving == 1);
        locked.Activate.Hold();
        var other = await ComeAsync(pipeline, loops: false);
        await Eventually.TrueAsync(() => locked.Activate.Events.Count == 2);

        time.Advance(TimeSpan.FromSeconds(20));
        locked.Service.End(slow.Record.Id);
        Assert.Equal(ConnectionOutcome.HoldExpired, await slow.EndAsync());
        locked.Activate.LetGo();
        await Eventually.TrueAsync(() => locked.Timeout.Events.Count == 1);
        var next = await ComeAsync(pipeline, loops: false);
        await Eventually.TrueAsync(() => locked.Service.Came.Contains(next.Record.Id));

        Assert.Equal([false, false, true], locked.Activate.Events.Select(static x => x.AfterTimeout));
        foreach (var client in (Client[])[other, next])
        {
            locked.Service.End(client.Record.Id);
            await client.EndAsync();
        }
    }

    [Fact]
    public async Task Run_HeldTooLongWhileActivationsWait_TimeoutHookGoesBeforeThem()
    {
        var time = new ManualTime();
        using var locked = new TestLock(time);
        Record(locked);
        var pipeline = locked.Use(locked.WithHooks with { Permits = 4, MaxHold = TimeSpan.FromSeconds(20) });
        var slow = await ComeAsync(pipeline, loops: false);
        await Eventually.TrueAsync(() => locked.Service.Serving == 1);
        locked.Activate.Hold();
        var others = new List<Client>();
        for (var i = 0; i < 3; i++)
        {
            others.Add(await ComeAsync(pipeline, loops: false));
        }

        await Eventually.TrueAsync(() => locked.Activate.Events.Count == 2 && locked.Status.Holding.Count == 4);
        time.Advance(TimeSpan.FromSeconds(20));
        locked.Service.End(slow.Record.Id);
        await slow.EndAsync();
        locked.Activate.LetGo();

        foreach (var client in others)
        {
            await Eventually.TrueAsync(() => locked.Service.Came.Contains(client.Record.Id));
            locked.Service.End(client.Record.Id);
            await client.EndAsync();
        }

        Assert.Equal(["+activate", "-activate", "+activate", "-activate", "+timeout", "-timeout"], _log.Take(6));
        Assert.Equal([false, false, true, false], locked.Activate.Events.Select(static x => x.AfterTimeout));
        Assert.Equal(
            [slow, .. others],
            locked.Activate.Events.Select(x => others.Append(slow).Single(y => y.Record.Client!.Equals(x.Client)))
        );
    }

    [Fact]
    public async Task Run_ManyPermits_HooksNeverOverlap()
    {
        using var locked = new TestLock();
        Record(locked);
        var pipeline = locked.Use(locked.WithHooks with { Permits = 3 });
        var clients = new List<Client>();
        for (var i = 0; i < 12; i++)
        {
            clients.Add(await ComeAsync(pipeline, loops: i % 2 == 0));
        }

        await Eventually.TrueAsync(() => locked.Service.Serving == 3);
        foreach (var client in clients)
        {
            await Eventually.TrueAsync(() => locked.Service.Came.Contains(client.Record.Id));
            locked.Service.End(client.Record.Id);
            await client.EndAsync();
        }

        await Eventually.TrueAsync(() => locked.Release.Events.Count == 12 && !locked.Release.IsRunning);
        Assert.Equal(3, locked.Service.MostServed);
        var log = _log.ToArray();
        Assert.Equal(48, log.Length);
        Assert.All(Enumerable.Range(0, 24), i => Assert.Equal(('+', '-'), (log[2 * i][0], log[(2 * i) + 1][0])));
    }

    [Fact]
    public async Task Run_ReleaseDelay_PermitComesBackAfterIt()
    {
        var time = new ManualTime();
        using var locked = new TestLock(time);
        var pipeline = locked.Use(locked.Settings with { ReleaseDelay = TimeSpan.FromSeconds(3) });
        var first = await ComeAsync(pipeline, loops: false);
        var next = await ComeAsync(pipeline, loops: false);

        locked.Service.End(first.Record.Id);
        await first.EndAsync();
        await time.WaitForTimerAsync(TimeSpan.FromSeconds(3));
        Assert.Equal(LockPhase.Resting, Assert.Single(locked.Status.Holding).Phase);
        Assert.Single(locked.Service.Came);
        time.Advance(TimeSpan.FromSeconds(3));

        await Eventually.TrueAsync(() => locked.Service.Came.Contains(next.Record.Id));
        locked.Service.End(next.Record.Id);
        await next.EndAsync();
    }

    [Fact]
    public async Task Use_RouteRemovedWithAFullQueue_WaitersDrainedHolderServedToItsEnd()
    {
        using var locked = new TestLock();
        var pipeline = locked.Use(locked.Settings);
        var holder = await ComeAsync(pipeline, loops: true);
        var waiters = new List<Client>();
        for (var i = 0; i < 20; i++)
        {
            waiters.Add(await ComeAsync(pipeline, loops: true));
        }

        locked.Registry.Apply([]);

        foreach (var waiter in waiters)
        {
            Assert.Equal(ConnectionOutcome.Drained, await waiter.EndAsync());
        }

        locked.Service.End(holder.Record.Id);
        Assert.Equal(ConnectionOutcome.Completed, await holder.EndAsync());
        await Eventually.TrueAsync(() => locked.Registry.Find(TestLock.Route) is null);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var (peer, ours) in _open)
        {
            peer.Dispose();
            await ours.DisposeAsync();
        }

        _loops.Dispose();
        _clock.Dispose();
    }

    private void Record(TestLock locked)
    {
        foreach (var hook in (TestHook[])[locked.Activate, locked.Timeout, locked.Release])
        {
            hook.Began = () => _log.Enqueue($"+{hook.Name}");
            hook.Ended = () => _log.Enqueue($"-{hook.Name}");
        }
    }

    /// <summary>A client that has arrived at the lock.</summary>
    private async Task<Client> ComeAsync(ConnectionDelegate pipeline, bool loops, string sends = "")
    {
        IConnectionListenerFactory factory =
            loops && OperatingSystem.IsLinux()
                ? new EpollTransportFactory(new EpollDependencies(_loops, new BufferPool()))
                : new SocketTransportFactory(new BufferPool(), _clock, TimeProvider.System);
        var (peer, ours) = await Loopback.ConnectAsync(factory);
        _open.Add((peer, ours));
        if (sends.Length > 0)
        {
            await peer.SendAsync(System.Text.Encoding.ASCII.GetBytes(sends));
            await Eventually.TrueAsync(() => Native(ours).Available == sends.Length);
        }

        var record = new ConnectionRecord(ours, "", "", TimeProvider.System);
        record.Attach();
        return new(peer, ours, record, pipeline(ours));
    }

    private static Socket Native(ConnectionContext connection) =>
        connection.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionSocketFeature>()!.Socket;

    private sealed record Client(Socket Peer, ConnectionContext Ours, ConnectionRecord Record, Task Running)
    {
        public async Task<ConnectionOutcome?> EndAsync()
        {
            await Running.WaitAsync(Eventually.Limit);
            return Record.Outcome;
        }

        public bool HasSeenEnd() => TcpInfo.HasPeerFinished(Native(Ours));
    }
}
