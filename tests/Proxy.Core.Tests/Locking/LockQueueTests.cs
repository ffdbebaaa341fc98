using System.Globalization;
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

    /// <summary>Anything may happen in any order: never more holders than permits allow, and always the first of those who wait.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Queue_AnyScheduleOfAnHour_KeepsOrderAndPermits(int seed)
    {
        var random = new Random(seed);
        var permits = 2;
        var settings = _lock.Settings with { Permits = permits, QueueLimit = 50, QueueTimeout = TimeSpan.FromMinutes(2) };
        var queue = Create(settings);
        var waiting = new List<Client>();
        var holding = new List<Client>();
        var end = _time.GetTimestamp() + TimeSpan.FromHours(1).Ticks;
        while (_time.GetTimestamp() < end)
        {
            switch (random.Next(12))
            {
                case < 5:
                    waiting.Add(Enter(queue));
                    break;
                case < 8 when holding.Count > 0:
                    Release(random.Next(holding.Count));
                    break;
                case 8 when waiting.Count > 0:
                    queue.Leave(waiting[random.Next(waiting.Count)].Waiter, (PeerDeparture)random.Next(3));
                    break;
                case 9 when holding.Count > 0:
                    queue.Failed(holding[0].Waiter);
                    Release(0);
                    break;
                case 10:
                    permits = random.Next(1, 5);
                    queue.Apply(settings with { Permits = permits, DropQueued = (DropQueued)random.Next(3) });
                    break;
                case 11 when random.Next(3) == 0:
                    queue.Pause(random.Next(2) == 0);
                    break;
                default:
                    queue.Succeeded();
                    break;
            }

            _time.Advance(TimeSpan.FromMilliseconds(random.Next(2000)));
            await SettleAsync();
        }

        queue.Pause(false);
        while (holding.Count > 0 || waiting.Count > 0)
        {
            queue.Succeeded();
            if (holding.Count > 0)
            {
                Release(0);
            }

            await SettleAsync();
            Assert.True(holding.Count > 0 || waiting.Count == 0, "Somebody waits, and nobody holds.");
        }

        Assert.Equal((0, 0), queue.Count());

        void Release(int index)
        {
            queue.Release(holding[index].Waiter);
            holding.RemoveAt(index);
        }

        async Task SettleAsync()
        {
            var (stillWaiting, nowHolding) = queue.Count();
            var before = holding.Count;
            await Eventually.TrueAsync(() => waiting.Count(static client => !client.Result.IsCompleted) == stillWaiting);
            foreach (var client in waiting.Where(static client => client.Result.IsCompleted).ToList())
            {
                var ahead = waiting.TakeWhile(other => other != client).Any(static other => !other.Result.IsCompleted);
                waiting.Remove(client);
                if (await client.Result is null)
                {
                    Assert.False(ahead, "Somebody was overtaken.");
                    holding.Add(client);
                }
            }

            Assert.Equal(nowHolding, holding.Count);
            Assert.True(holding.Count <= Math.Max(permits, before), "More permits than there are.");
        }
    }

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

    private sealed record Client(LockWaiter Waiter, Task<ConnectionOutcome?> Result);
}
