using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Proxy.Configuration.Locking;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Locking;

namespace Proxy.Core.Tests.Locking;

public sealed class LockQueueTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly TestLock _lock;
    private LockQueue? _queue;
    private int _clients;

    public LockQueueTests() => _lock = new TestLock(_time);

    [Fact]
    public async Task Enter_PermitsTaken_AdmittedInOrderAsTheyComeBack()
    {
        var queue = Create(_lock.Settings with { Permits = 2 });
        var clients = Enumerable.Range(0, 6).Select(_ => Enter(queue)).ToList();
        await AdmittedAsync(clients[0], clients[1]);

        for (var i = 0; i < 4; i++)
        {
            Assert.False(clients[i + 2].Result.IsCompleted);
            queue.Release(clients[i].Waiter);
            await AdmittedAsync(clients[i + 2]);
        }
    }

    [Fact]
    public async Task Enter_QueueFull_Refused()
    {
        var queue = Create(_lock.Settings with { QueueLimit = 1 });
        var holder = Enter(queue);
        var waiter = Enter(queue);

        Assert.Equal(ConnectionOutcome.QueueFull, await Enter(queue).Result);

        await AdmittedAsync(holder);
        queue.Release(holder.Waiter);
        await AdmittedAsync(waiter);
    }

    [Theory]
    [InlineData(DropQueued.WhenSilent, nameof(PeerDeparture.ClosedSilently), true)]
    [InlineData(DropQueued.WhenSilent, nameof(PeerDeparture.Closed), false)]
    [InlineData(DropQueued.WhenSilent, nameof(PeerDeparture.Reset), true)]
    [InlineData(DropQueued.Always, nameof(PeerDeparture.ClosedSilently), true)]
    [InlineData(DropQueued.Always, nameof(PeerDeparture.Closed), true)]
    [InlineData(DropQueued.Always, nameof(PeerDeparture.Reset), true)]
    [InlineData(DropQueued.OnReset, nameof(PeerDeparture.ClosedSilently), false)]
    [InlineData(DropQueued.OnReset, nameof(PeerDeparture.Closed), false)]
    [InlineData(DropQueued.OnReset, nameof(PeerDeparture.Reset), true)]
    public async Task Leave_Waiting_CountsAsConfigured(DropQueued drop, string how, bool leaves)
    {
        var queue = Create(_lock.Settings with { DropQueued = drop });
        var holder = Enter(queue);
        var waiter = Enter(queue);
        var next = Enter(queue);

        Assert.Equal(leaves, queue.Leave(waiter.Waiter, Enum.Parse<PeerDeparture>(how)));

        queue.Release(holder.Waiter);
        await AdmittedAsync(leaves ? next : waiter);
        Assert.Equal(leaves ? ConnectionOutcome.LeftQueue : null, await waiter.Result);
    }

    [Fact]
    public async Task Use_StricterViewOfLeaving_ThoseWhoHadLeftGo()
    {
        var queue = Create(_lock.Settings);
        _ = Enter(queue);
        var waiter = Enter(queue);
        Assert.False(queue.Leave(waiter.Waiter, PeerDeparture.Closed));

        queue.Apply(_lock.Settings with { DropQueued = DropQueued.Always });

        Assert.Equal(ConnectionOutcome.LeftQueue, await waiter.Result);
    }

    [Fact]
    public async Task Use_MorePermits_NextAdmittedAtOnce()
    {
        var queue = Create(_lock.Settings);
        _ = Enter(queue);
        var waiters = Enumerable.Range(0, 3).Select(_ => Enter(queue)).ToList();

        queue.Apply(_lock.Settings with { Permits = 3 });

        await AdmittedAsync(waiters[0], waiters[1]);
        Assert.Equal((1, 3), queue.Count());
    }

    [Fact]
    public async Task Use_OtherStore_ThoseWhoWaitLineUpThereAndThoseServedCount()
    {
        var queue = Create(_lock.Settings with { QueueTimeout = TimeSpan.FromMinutes(1) });
        var holder = Enter(queue);
        var waiter = Enter(queue);
        var store = new TestPermitStore { Grants = false };

        queue.Apply(_lock.Settings with { QueueTimeout = TimeSpan.FromMinutes(1) }, store);

        Assert.Equal(["Hold", "resumes", "1 is served", "2 lines up", "Hold"], store.Log);
        await AdmittedAsync(holder);
        queue.Release(holder.Waiter);
        Assert.False(waiter.Result.IsCompleted);
        store.Grant();
        await AdmittedAsync(waiter);
        queue.Apply(_lock.Settings, new HostPermitStore());
        Assert.Equal(["returns", "closes"], store.Log.TakeLast(2));
        Assert.Null(queue.Describe().Shared);
    }

    [Fact]
    public async Task Leave_WaitsForAStoreThatGrantsNothing_StoreIsTold()
    {
        var store = new TestPermitStore { Grants = false };
        var queue = _queue = new LockQueue(TestLock.Route, _lock.Settings with { QueueTimeout = TimeSpan.FromMinutes(1) }, store, _time);
        var (first, second) = (Enter(queue), Enter(queue));
        Assert.Equal(6, queue.Describe().Waiting[0].SharedPosition);

        queue.Leave(first.Waiter, PeerDeparture.Reset);
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(ConnectionOutcome.QueueTimeout, await second.Result);
        Assert.Equal(["Hold", "1 lines up", "2 lines up", "leaves", "leaves"], store.Log);
    }

    [Fact]
    public async Task Use_FewerPermits_HoldersStayAndNobodyComesUntilEnoughHaveGone()
    {
        var queue = Create(_lock.Settings with { Permits = 3 });
        var holders = Enumerable.Range(0, 3).Select(_ => Enter(queue)).ToList();
        var waiter = Enter(queue);

        queue.Apply(_lock.Settings);
        queue.Release(holders[0].Waiter);
        queue.Release(holders[1].Waiter);
        Assert.Equal((1, 1), queue.Count());
        queue.Release(holders[2].Waiter);

        await AdmittedAsync(waiter);
    }

    [Fact]
    public async Task Wait_LongerThanAllowed_RefusedInOrderOthersStay()
    {
        var queue = Create(_lock.Settings with { QueueTimeout = TimeSpan.FromSeconds(10) });
        _ = Enter(queue);
        var first = Enter(queue);
        _time.Advance(TimeSpan.FromSeconds(4));
        var second = Enter(queue);

        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(ConnectionOutcome.QueueTimeout, await first.Result);
        Assert.False(second.Result.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(ConnectionOutcome.QueueTimeout, await second.Result);
    }

    [Fact]
    public async Task Use_ShorterQueueTimeout_AppliesToThoseWhoWait()
    {
        var queue = Create(_lock.Settings);
        _ = Enter(queue);
        var waiter = Enter(queue);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.False(waiter.Result.IsCompleted);

        queue.Apply(_lock.Settings with { QueueTimeout = TimeSpan.FromSeconds(10) });

        Assert.Equal(ConnectionOutcome.QueueTimeout, await waiter.Result);
    }

    [Fact]
    public async Task Failed_Again_PausesDoublingUpToHalfAMinute()
    {
        var queue = Create(_lock.Settings);
        var holder = Enter(queue);
        foreach (var seconds in (int[])[1, 2, 4, 8, 16, 30, 30])
        {
            var next = Enter(queue);
            queue.Failed(holder.Waiter);
            queue.Release(holder.Waiter);
            _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.False(next.Result.IsCompleted);
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await AdmittedAsync(next);
            holder = next;
        }
    }

    [Fact]
    public async Task Failed_ManyPermits_OneTriesUntilItSucceeds()
    {
        var queue = Create(_lock.Settings with { Permits = 3 });
        var failing = Enter(queue);
        queue.Failed(failing.Waiter);
        queue.Release(failing.Waiter);
        var waiters = Enumerable.Range(0, 4).Select(_ => Enter(queue)).ToList();

        _time.Advance(TimeSpan.FromSeconds(1));
        await AdmittedAsync(waiters[0]);
        Assert.Equal((3, 1), queue.Count());
        queue.Succeeded();

        await AdmittedAsync(waiters[1], waiters[2]);
        Assert.Equal((1, 3), queue.Count());
    }

    [Fact]
    public async Task Failed_ThenTheOneThatTriesLeaves_TheNextTries()
    {
        var queue = Create(_lock.Settings);
        var failing = Enter(queue);
        queue.Failed(failing.Waiter);
        queue.Release(failing.Waiter);
        var trying = Enter(queue);
        var next = Enter(queue);
        _time.Advance(TimeSpan.FromSeconds(1));
        await AdmittedAsync(trying);

        queue.Release(trying.Waiter);

        await AdmittedAsync(next);
    }

    [Fact]
    public async Task Pause_ByOperator_NobodyAdmittedUntilResumed()
    {
        var queue = Create(_lock.Settings);
        queue.Pause(true);
        var waiter = Enter(queue);
        Assert.False(waiter.Result.IsCompleted);

        queue.Pause(false);

        await AdmittedAsync(waiter);
    }

    [Fact]
    public async Task ChangePermits_ThenAnEdit_TheEditCounts()
    {
        var queue = Create(_lock.Settings);
        _ = Enter(queue);
        var waiters = Enumerable.Range(0, 2).Select(_ => Enter(queue)).ToList();

        queue.ChangePermits(2);
        await AdmittedAsync(waiters[0]);
        Assert.Equal(2, queue.Describe().Permits);
        queue.Apply(_lock.Settings);

        Assert.Equal(1, queue.Describe().Permits);
        Assert.False(waiters[1].Result.IsCompleted);
    }

    [Fact]
    public async Task Close_FullQueue_WaitersDrainedHoldersGoOnAndComersRefused()
    {
        var queue = Create(_lock.Settings);
        var holder = Enter(queue);
        var waiters = Enumerable.Range(0, 50).Select(_ => Enter(queue)).ToList();

        queue.Close();

        foreach (var waiter in waiters)
        {
            Assert.Equal(ConnectionOutcome.Drained, await waiter.Result);
        }

        Assert.Equal(ConnectionOutcome.Drained, await Enter(queue).Result);
        Assert.Equal((0, 1), queue.Count());
        queue.Apply(_lock.Settings);
        var back = Enter(queue);
        queue.Release(holder.Waiter);
        await AdmittedAsync(back);
    }

    [Fact]
    public void Describe_HoldersAndWaiters_InTheirOrder()
    {
        var queue = Create(_lock.Settings);
        var clients = Enumerable.Range(0, 3).Select(_ => Enter(queue)).ToList();
        _time.Advance(TimeSpan.FromSeconds(3));

        var status = queue.Describe();

        Assert.Equal(clients[0].Waiter.Record.Id, Assert.Single(status.Holding).ConnectionId);
        Assert.Equal(TimeSpan.FromSeconds(3), status.Holding[0].Held);
        Assert.Equal(
            [(1, clients[1].Waiter.Record.Id), (2, clients[2].Waiter.Record.Id)],
            status.Waiting.Select(x => (x.Position, x.ConnectionId))
        );
        Assert.All(status.Waiting, static client => Assert.Equal(TimeSpan.FromSeconds(3), client.Waited));
    }

    [Fact]
    public async Task Enter_PauseIsJustOver_TheOneThatWaitsGoesFirst()
    {
        var queue = Create(_lock.Settings);
        var failing = Enter(queue);
        queue.Failed(failing.Waiter);
        queue.Release(failing.Waiter);
        _time.Advance(TimeSpan.FromMilliseconds(0.5)); // so that the timer, which counts whole milliseconds, fires after the pause is over
        var waiting = Enter(queue);
        _time.Advance(TimeSpan.FromSeconds(1) - TimeSpan.FromMilliseconds(0.4));

        var next = Enter(queue);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        await AdmittedAsync(waiting);
        Assert.Equal((1, 1), queue.Count());
        Assert.False(next.Result.IsCompleted);
    }

    [Fact]
    public async Task Leave_AfterAPermitWasGiven_ItIsServedAllTheSame()
    {
        var queue = Create(_lock.Settings);
        var holder = Enter(queue);
        var next = Enter(queue);
        queue.Release(holder.Waiter);

        Assert.True(queue.Leave(next.Waiter, PeerDeparture.Closed));

        await AdmittedAsync(next);
        Assert.Equal((0, 1), queue.Count());
    }

    [Fact]
    public async Task Release_Paused_NoneIsAdmittedAndThePermitIsThereAfterwards()
    {
        var queue = Create(_lock.Settings);
        var holder = Enter(queue);
        var waiter = Enter(queue);
        queue.Pause(true);

        queue.Release(holder.Waiter);
        Assert.Equal((1, 0), queue.Count());
        queue.Pause(false);

        await AdmittedAsync(waiter);
    }

    [Fact]
    public async Task WhenIdleAsync_PermitsAreHeld_CompletesWithTheLast()
    {
        var queue = Create(_lock.Settings with { Permits = 2 });
        Assert.True(queue.WhenIdleAsync().IsCompleted);
        var (one, other) = (Enter(queue), Enter(queue));
        var idle = queue.WhenIdleAsync();

        queue.Release(one.Waiter);
        Assert.False(idle.IsCompleted);
        Assert.False(queue.WhenIdleAsync().IsCompleted);
        queue.Release(other.Waiter);

        await idle.WaitAsync(Eventually.Limit);
        _ = Enter(queue);
        Assert.False(queue.WhenIdleAsync().IsCompleted);
    }

    [Fact]
    public void IsClosedAndIdle_ClosedWhileOneHolds_OnceItsPermitIsBack()
    {
        var queue = Create(_lock.Settings);
        Assert.False(queue.IsClosedAndIdle);
        var holder = Enter(queue);

        queue.Close();
        Assert.False(queue.IsClosedAndIdle);
        queue.Release(holder.Waiter);

        Assert.True(queue.IsClosedAndIdle);
    }

    [Fact]
    public void Describe_PausedFailingAndClosed_SaysSo()
    {
        var queue = Create(_lock.Settings with { Permits = 3, QueueLimit = 7 });
        var failing = Enter(queue);
        queue.Failed(failing.Waiter);
        queue.Pause(true);
        queue.Close();

        var status = queue.Describe();

        Assert.Equal((TestLock.Route, 3, 7), (status.RouteId, status.Permits, status.QueueLimit));
        Assert.True(status.IsPaused && status.IsClosed);
        Assert.Equal(TimeSpan.FromSeconds(1), status.PausedAfterFailure);
        Assert.Empty(status.Waiting);
    }

    [Fact]
    public void Describe_HoldersAndWaiters_InTheirOrderWithTheirTimes()
    {
        var queue = Create(_lock.Settings with { Permits = 2 });
        var clients = new List<Client>();
        for (var i = 0; i < 4; i++)
        {
            clients.Add(Enter(queue));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        queue.Release(clients[0].Waiter);
        _time.Advance(TimeSpan.FromSeconds(10));

        var status = queue.Describe();
        static TimeSpan Seconds(int count) => TimeSpan.FromSeconds(count);
        Assert.Equal(
            [(clients[1].Id, 0, Seconds(0), Seconds(13)), (clients[2].Id, 0, Seconds(2), Seconds(10))],
            status.Holding.Select(static client => (client.ConnectionId, client.Position, client.Waited, client.Held))
        );
        Assert.All(status.Holding, static client => Assert.NotNull(client.Phase));
        var waiting = Assert.Single(status.Waiting);
        Assert.Equal(
            (clients[3].Id, 1, Seconds(11), Seconds(0), null),
            (waiting.ConnectionId, waiting.Position, waiting.Waited, waiting.Held, waiting.Phase)
        );
    }

    [Fact]
    public Task Queue_AnySchedule_KeepsOrderAndPermits() =>
        Properties.CheckAsync(
            Config.QuickThrowOnFailure.WithMaxTest(20).WithStartSize(50).WithEndSize(600),
            LockSchedule.Any,
            LockSchedule.RunAsync
        );

    public void Dispose()
    {
        _queue?.Dispose();
        _lock.Dispose();
    }

    private LockQueue Create(LockSettings settings) => _queue = new LockQueue(TestLock.Route, settings, new HostPermitStore(), _time);

    private Client Enter(LockQueue queue)
    {
        var connection = new FakeConnection((++_clients).ToString(CultureInfo.InvariantCulture));
        var waiter = new LockWaiter(connection, new ConnectionRecord(connection, "", "", _time), _time.GetTimestamp());
        return new(waiter, queue.EnterAsync(waiter).AsTask());
    }

    private static async Task AdmittedAsync(params Client[] clients)
    {
        foreach (var client in clients)
        {
            Assert.Null(await client.Result.WaitAsync(Eventually.Limit));
        }
    }

    private sealed record Client(LockWaiter Waiter, Task<ConnectionOutcome?> Result)
    {
        public string Id => Waiter.Record.Id;
    }
}
