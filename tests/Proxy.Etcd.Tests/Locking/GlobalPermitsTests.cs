using System.Globalization;
using Proxy.Configuration.Locking;
using Proxy.Connections;
using Proxy.Etcd.Locking;
using Proxy.Locking;

namespace Proxy.Etcd.Tests.Locking;

public sealed class GlobalPermitsTests : IDisposable
{
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(2);
    private readonly MemoryCluster _cluster = new();
    private readonly List<LockHostProcess> _hosts = [];

    /// <summary>PROXY_TEST_LOCK_SEEDS says how many.</summary>
    public static TheoryData<int> Seeds =>
        [
            .. Enumerable.Range(
                1,
                int.TryParse(Environment.GetEnvironmentVariable("PROXY_TEST_LOCK_SEEDS"), CultureInfo.InvariantCulture, out var most)
                    ? most
                    : 4
            ),
        ];

    [Fact]
    public async Task TryTake_ClientsOfTwoHosts_AdmittedInTheOrderOfArrival()
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        List<LockHostProcess.Client> clients = [];
        HashSet<LockHostProcess.Client> left = [];
        for (var i = 0; i < 6; i++)
        {
            clients.Add(await (i % 3 == 0 ? a : b).EnterAsync());
        }

        long last = 0;
        foreach (var client in clients)
        {
            await AdmittedAsync(client);
            Assert.Equal(client, Assert.Single(clients, one => one.IsAdmitted && !left.Contains(one)));
            Assert.True(client.Token > last, "A later holder needs a greater token.");
            last = client.Token;
            left.Add(client);
            client.Leave();
        }

        await Eventually.TrueAsync(() => Clients() == 0);
    }

    [Fact]
    public async Task TryTake_ManyComeAtOnce_OrderOfTheHostAndTokensThatGrow()
    {
        var a = await HostAsync("A");
        var clients = Enumerable.Range(0, 250).Select(_ => a.Enter()).ToList();
        long last = 0;
        foreach (var client in clients)
        {
            await AdmittedAsync(client);
            Assert.True(client.Token > last);
            last = client.Token;
            client.Leave();
        }

        await Eventually.TrueAsync(() => Clients() == 0);
    }

    [Fact]
    public async Task TryTake_NoPermitForTwoSecondsAfterTheStart_SinceSomebodyMayJustHaveVanished()
    {
        var a = new LockHostProcess(_cluster, "A");
        _hosts.Add(a);
        var client = await a.EnterAsync();
        a.Time.Advance(_grace - TimeSpan.FromMilliseconds(1));
        Assert.False(client.Result.IsCompleted);

        a.Time.Advance(TimeSpan.FromMilliseconds(1));

        await AdmittedAsync(client);
    }

    [Fact]
    public async Task TryTake_PermitsRaisedAndLowered_MoreAtOnceAndNobodyCut()
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        var first = await a.EnterAsync();
        var second = await b.EnterAsync();
        var third = await a.EnterAsync();
        await AdmittedAsync(first);

        a.Queue.Apply(a.Settings with { Permits = 3 });
        b.Queue.Apply(b.Settings with { Permits = 3 });
        await AdmittedAsync(second);
        await AdmittedAsync(third);

        a.Queue.Apply(a.Settings);
        b.Queue.Apply(b.Settings);
        var fourth = await b.EnterAsync();
        first.Leave();
        second.Leave();
        await Eventually.TrueAsync(() => Clients() == 2);
        Assert.False(fourth.Result.IsCompleted || third.IsLost);
        third.Leave();
        await AdmittedAsync(fourth);
    }

    [Fact]
    public async Task Leave_WaitsInTheMiddle_ItsKeyIsRemovedAndTheNextOneComes()
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        var holder = await a.EnterAsync();
        var leaves = await b.EnterAsync();
        var next = await a.EnterAsync();
        await AdmittedAsync(holder);

        b.Queue.Leave(leaves.Waiter, PeerDeparture.Reset);
        await Eventually.TrueAsync(() => Clients() == 2);
        holder.Leave();

        await AdmittedAsync(next);
    }

    [Fact]
    public async Task NearEnd_Holder_LosesItsPermitAndTheNextWaitsTwoSecondsAfterTheLeaseHasEnded()
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        var holder = await a.EnterAsync();
        var next = await b.EnterAsync();
        await AdmittedAsync(holder);

        a.Lease.BringNearEnd();
        await Eventually.TrueAsync(() => holder.IsLost);
        Assert.False(next.Result.IsCompleted);

        a.Lease.ExpireThere();
        await Eventually.TrueAsync(() => next.Waiter.Ticket!.Rank == 0);
        b.Time.Advance(_grace - TimeSpan.FromMilliseconds(1));
        Assert.False(next.Result.IsCompleted);
        b.Time.Advance(TimeSpan.FromMilliseconds(1));
        await AdmittedAsync(next);
    }

    [Fact]
    public async Task NearEnd_RenewedAfterwards_LaterHoldersLoseTheirPermitsToo()
    {
        var a = await HostAsync("A");
        var holder = await a.EnterAsync();
        await AdmittedAsync(holder);
        a.Lease.BringNearEnd();
        await Eventually.TrueAsync(() => holder.IsLost);
        a.Lease.Leave(TimeSpan.FromSeconds(10));
        holder.Leave();
        var next = await a.EnterAsync();
        await AdmittedAsync(next, _grace);

        a.Time.Advance(TimeSpan.FromSeconds(1));
        a.Lease.Leave(TimeSpan.FromSeconds(1)); // whose token is another one than that of the first time

        await Eventually.TrueAsync(() => next.IsLost);
    }

    [Fact]
    public async Task NearEnd_RenewedAfterwards_OtherHostsWaitTwoSecondsTooBeforeTheirClientIsServed()
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        var holder = await a.EnterAsync();
        var next = await b.EnterAsync();
        await AdmittedAsync(holder);
        a.Lease.BringNearEnd();
        await Eventually.TrueAsync(() => holder.IsLost);
        a.Lease.Leave(TimeSpan.FromSeconds(10));

        holder.Leave();

        await Eventually.TrueAsync(() => Clients() == 1 && next.Waiter.Ticket!.Rank == 0);
        await AdmittedAsync(next, _grace);
    }

    [Fact]
    public async Task TryTake_LeaseNearItsEnd_NobodyIsAdmitted()
    {
        var a = await HostAsync("A");
        var holder = await a.EnterAsync();
        var next = await a.EnterAsync();
        await AdmittedAsync(holder);
        a.Lease.Leave(TimeSpan.FromSeconds(2));
        holder.Leave();
        await Eventually.TrueAsync(() => Clients() == 1);
        Assert.False(next.Result.IsCompleted);
    }

    [Fact]
    public async Task End_WaitingClients_LineUpAnewInTheirOrder()
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        var holder = await b.EnterAsync();
        var first = await a.EnterAsync();
        var second = await a.EnterAsync();
        var other = await b.EnterAsync();
        await AdmittedAsync(holder);

        a.Lease.Expire();
        a.Lease.Grant();
        await Eventually.TrueAsync(() => first.Waiter.Ticket!.Rank == 2 && second.Waiter.Ticket!.Rank == 3);
        await Eventually.TrueAsync(() => b.Permits.Progress().Revision >= _cluster.Revision); // its time after the loss has begun
        holder.Leave();
        b.Time.Advance(_grace);

        await AdmittedAsync(other);
        other.Leave();
        await Eventually.TrueAsync(() => Clients() == 2);
        a.Time.Advance(_grace);
        await AdmittedAsync(first);
        Assert.False(second.Result.IsCompleted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Commit_AnswerOfThePutIsLost_OneKeyAllTheSame(bool happens)
    {
        var a = await HostAsync("A");
        a.Engine.Fail("lock", happens);
        var client = a.Enter();

        await PassAsync(a, () => client.IsAdmitted);

        Assert.Equal(1, Clients());
        client.Leave();
        await Eventually.TrueAsync(() => Clients() == 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Commit_AnswerOfTheRemovalIsLost_TheNextOneComesAllTheSame(bool happens)
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        var holder = await a.EnterAsync();
        var next = await b.EnterAsync();
        await AdmittedAsync(holder);

        a.Engine.Fail("lock", happens);
        holder.Leave();

        await PassAsync(a, () => next.IsAdmitted);
    }

    [Fact]
    public async Task Commit_PutAfterTheClientHasLeft_NoKeyStays()
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        await AdmittedAsync(await b.EnterAsync());
        a.Engine.Fail("lock", happens: true);
        var client = a.Enter();
        await Eventually.TrueAsync(() => Clients() == 2);
        a.Queue.Leave(client.Waiter, PeerDeparture.Reset);

        await PassAsync(a, () => Clients() == 1);
    }

    [Fact]
    public async Task Commit_MarkerIsRefused_TheKeyIsRemovedWithoutIt()
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        var holder = await a.EnterAsync();
        var next = await b.EnterAsync();
        await AdmittedAsync(holder);
        a.Engine.Fail("released", isRefused: true);

        holder.Leave();
        await PassAsync(a, () => Clients() == 1);
        await Eventually.TrueAsync(() => next.Waiter.Ticket!.Rank == 0);

        b.Time.Advance(_grace);
        await AdmittedAsync(next);
    }

    [Fact]
    public async Task Commit_AnswerIsLostAndTheMarkerRefusedThen_TheKeyIsRemovedWithoutIt()
    {
        var a = await HostAsync("A");
        var holder = await a.EnterAsync();
        await AdmittedAsync(holder);
        a.Engine.Fail("lock");
        for (var i = 0; i < 10_000; i++)
        {
            a.Engine.Fail("released", isRefused: true);
        }

        holder.Leave();

        await PassAsync(a, () => Clients() == 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Commit_AnswerOfThePutIsLostAndItIsRefusedThen_OneKeyAllTheSame(bool happens)
    {
        var a = await HostAsync("A");
        a.Engine.Fail("lock", happens);
        a.Engine.Fail("lock", isRefused: true);
        var (first, second) = (a.Enter(), a.Enter());

        await PassAsync(a, () => first.IsAdmitted && second.IsKnown && Clients() == 2);

        Assert.False(second.Result.IsCompleted);
        first.Leave();
        await AdmittedAsync(second);
        second.Leave();
        await PassAsync(a, () => Clients() == 0);
    }

    [Fact]
    public async Task Commit_Refused_Told()
    {
        var a = await HostAsync("A");
        a.Engine.Fail("lock", isRefused: true);
        var client = a.Enter();
        await Eventually.TrueAsync(() =>
            a.Shared is { State: SharedLockState.Unreachable, Reason: "The engine refuses this: permission denied." }
        );

        await PassAsync(a, () => client.IsAdmitted);

        await Eventually.TrueAsync(() => a.Shared.State == SharedLockState.Shared); // the key may be seen before the answer to its write
    }

    [Fact]
    public async Task Commit_RefusedAndTheClientLeaves_NothingIsWrongAnyMore()
    {
        var a = await HostAsync("A");
        a.Engine.Fail("lock", isRefused: true);
        var client = a.Enter();
        await Eventually.TrueAsync(() => a.Shared.State == SharedLockState.Unreachable);

        a.Queue.Leave(client.Waiter, PeerDeparture.Reset);

        await PassAsync(a, () => a.Shared.State == SharedLockState.Shared);
        Assert.Equal(0, Clients());
    }

    [Fact]
    public async Task Watch_Compacted_OrderAsBefore()
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        var holder = await a.EnterAsync();
        var first = await b.EnterAsync();
        var second = await a.EnterAsync();
        await AdmittedAsync(holder);
        b.Engine.Leave();
        await Eventually.TrueAsync(() => b.Permits.Progress().IsStale);
        holder.Leave();
        await Eventually.TrueAsync(() => Clients() == 2);
        _cluster.Compact();

        b.Engine.Return();
        await Eventually.TrueAsync(() => !b.Permits.Progress().IsStale);
        Assert.False(first.Result.IsCompleted); // whose key is gone: was it released?
        b.Time.Advance(_grace);
        await AdmittedAsync(first);
        Assert.False(second.Result.IsCompleted);
        first.Leave();
        await AdmittedAsync(second);
    }

    [Fact]
    public async Task Watch_Stale_NobodyNewAndHoldersGoOn()
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        var holder = await a.EnterAsync();
        await AdmittedAsync(holder);
        a.Engine.Leave("The engine does not answer.");
        await Eventually.TrueAsync(() => a.Shared.State == SharedLockState.Unreachable);
        Assert.Equal("The engine does not answer.", a.Shared.Reason);

        holder.Leave();
        var next = a.Enter();
        a.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.False(next.Result.IsCompleted);

        a.Engine.Return();
        await PassAsync(a, () => next.IsAdmitted);
        await Eventually.TrueAsync(() => a.Shared.State == SharedLockState.Shared && b.Shared.Holding == 1);
    }

    [Fact]
    public async Task Watch_KeyOfAHolderIsRemovedByHand_PermitIsLost()
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        var holder = await a.EnterAsync();
        var next = await b.EnterAsync();
        await AdmittedAsync(holder);

        _cluster.Remove(_cluster.Keys.First(static key => key.Key.Contains("/A-", StringComparison.Ordinal)).Key);

        await Eventually.TrueAsync(() => holder.IsLost);
        await Eventually.TrueAsync(() => next.Waiter.Ticket!.Rank == 0);
        b.Time.Advance(_grace);
        await AdmittedAsync(next);
    }

    [Fact]
    public async Task Watch_KeyOfAWaitingClientIsRemovedByHand_HostLinesUpAnewAndNobodyWaitsForEver()
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        var holder = await b.EnterAsync();
        var first = await a.EnterAsync();
        var second = await a.EnterAsync();
        await AdmittedAsync(holder);

        _cluster.Remove(_cluster.Keys.First(static key => key.Key.Contains("/A-", StringComparison.Ordinal)).Key);
        await Eventually.TrueAsync(() => first.Waiter.Ticket!.Rank == 1 && second.Waiter.Ticket!.Rank == 2);
        holder.Leave();

        await PassAsync(a, () => first.IsAdmitted);
        Assert.False(second.Result.IsCompleted);
    }

    [Fact]
    public async Task Watch_SomethingIsDisposedTooEarly_FollowedAgain()
    {
        var a = await HostAsync("A");
        a.Keys.Break();

        var client = a.Enter();

        await PassAsync(a, () => client.IsAdmitted);
    }

    [Fact]
    public async Task Watch_DataAreLost_HoldersAreResetAndWaitingClientsLineUpAnew()
    {
        var a = await HostAsync("A");
        var holder = await a.EnterAsync();
        var waits = await a.EnterAsync();
        await AdmittedAsync(holder);

        _cluster.LoseData();
        await Eventually.TrueAsync(() => holder.IsLost);
        a.Lease.EndHere();
        a.Lease.Grant();
        holder.Leave();

        await PassAsync(a, () => waits.IsAdmitted);
        Assert.Equal(1, Clients());
    }

    [Fact]
    public async Task Watch_KeyOfThisProcessThatNobodyNeeds_Removed()
    {
        var a = await HostAsync("A");

        _cluster.Put("/proxy/prod/lock/office/A-e-1-000000000099", "{}");

        await Eventually.TrueAsync(() => Clients() == 0);
        await AdmittedAsync(await a.EnterAsync());
    }

    [Fact]
    public async Task Watch_KeysOfARouteWhoseIdBeginsLikeThis_DoNotCount()
    {
        var a = await HostAsync("A");
        _cluster.Put("/proxy/prod/lock/office/annex/B-e-1", "{}");

        await AdmittedAsync(await a.EnterAsync());

        Assert.Equal((1, 0), (a.Shared.Holding, a.Shared.Waiting));
    }

    [Fact]
    public async Task Frozen_BeyondItsLease_HolderIsLostWhenItRunsAgain()
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        var holder = await a.EnterAsync();
        var next = await b.EnterAsync();
        await AdmittedAsync(holder);

        a.Keys.Freeze();
        a.Lease.ExpireThere();
        await Eventually.TrueAsync(() => next.Waiter.Ticket!.Rank == 0);
        b.Time.Advance(_grace);
        await AdmittedAsync(next);
        Assert.True(next.Token > holder.Token); // which is what a service can tell them apart by
        Assert.False(holder.IsLost);

        a.Lease.EndHere();
        a.Keys.Resume();
        Assert.True(holder.IsLost);
        a.Lease.Grant();
        holder.Leave();
        await Eventually.TrueAsync(() => !a.Permits.Progress().IsSending);
        Assert.False(next.IsLost);
    }

    [Fact]
    public async Task Pause_OneHost_OthersAreServedAndItsClientsLineUpAnew()
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        var holder = await a.EnterAsync();
        var first = await a.EnterAsync();
        var second = await b.EnterAsync();
        await AdmittedAsync(holder);

        a.Queue.Pause(true);
        holder.Leave();
        await AdmittedAsync(second);
        Assert.False(first.Result.IsCompleted);

        a.Queue.Pause(false);
        await Eventually.TrueAsync(() => first.IsKnown);
        Assert.False(first.Result.IsCompleted);
        second.Leave();
        await AdmittedAsync(first);
    }

    [Fact]
    public async Task Local_EngineIsAway_OwnPermitsAfterTheLeaseAndCountedWhenItIsBack()
    {
        var (a, b) = (await HostAsync("A", WhenEngineLost.Local), await HostAsync("B"));
        var holder = await a.EnterAsync();
        var waits = await a.EnterAsync();
        var last = await a.EnterAsync();
        await AdmittedAsync(holder);

        a.Engine.Leave();
        a.Lease.Expire();
        Assert.True(holder.IsLost);
        a.Time.Advance(LockHostProcess.Patience);
        Assert.False(waits.Result.IsCompleted); // the one that was reset is still at the service
        holder.Leave();
        await AdmittedAsync(waits);
        Assert.Equal((0L, SharedLockState.Local), (waits.Token, a.Shared.State));
        Assert.False(last.Result.IsCompleted);

        a.Engine.Return();
        a.Lease.Grant();
        await PassAsync(a, () => a.Shared.State == SharedLockState.Shared && b.Shared.Holding == 1 && waits.IsKnown);
        Assert.False(waits.IsLost);
        await Eventually.TrueAsync(() => last.IsKnown);
        Assert.Equal(2, Clients()); // one key each
        var other = await b.EnterAsync();
        await Eventually.TrueAsync(() => last.IsKnown);
        b.Time.Advance(_grace);
        a.Time.Advance(_grace);
        Assert.False(other.Result.IsCompleted || last.Result.IsCompleted);
        waits.Leave();
        await AdmittedAsync(last);
        last.Leave();
        await AdmittedAsync(other);
    }

    [Fact]
    public async Task Local_ClientsComeWhenItIsInForce_AdmittedAtOnceAndInTurn()
    {
        var a = await HostAsync("A", WhenEngineLost.Local);
        await ComeAndGoAsync(a);
        a.Engine.Leave();
        a.Lease.Expire();
        await Eventually.TrueAsync(() => a.Permits.Progress().IsStale);
        Assert.Equal(SharedLockState.Unreachable, a.Shared.State); // looked at now: what follows the lease by itself may be a moment late
        a.Time.Advance(LockHostProcess.Patience);
        Assert.Equal(SharedLockState.Local, a.Shared.State);

        var first = a.Enter();
        var second = a.Enter();

        await AdmittedAsync(first);
        Assert.False(second.Result.IsCompleted);
        first.Leave();
        await AdmittedAsync(second);
    }

    [Fact]
    public async Task NearEnd_NobodyWaitsAndOneComesLater_AdmittedWhenLocalBegins()
    {
        var a = await HostAsync("A", WhenEngineLost.Local);
        await ComeAndGoAsync(a);
        a.Engine.Leave();
        await Eventually.TrueAsync(() => a.Permits.Progress().IsStale);
        a.Lease.BringNearEnd();
        Assert.Equal(SharedLockState.Unreachable, a.Shared.State); // looked at now: what follows the lease by itself may be a moment late
        a.Time.Advance(TimeSpan.FromSeconds(2));
        a.Lease.Expire();
        var client = a.Enter();
        Assert.False(client.Result.IsCompleted);

        a.Time.Advance(LockHostProcess.Patience - TimeSpan.FromSeconds(2)); // counted from the moment at which the lease could be used no longer

        await AdmittedAsync(client);
    }

    [Fact]
    public async Task Adopt_ScopeBecomesGlobal_ThoseServedCountAndOthersKeepTheirOrder()
    {
        var b = await HostAsync("B");
        var a = new LockHostProcess(_cluster, "A");
        _hosts.Add(a);
        using var queue = new LockQueue("office", a.Settings, new HostPermitStore(), a.Time);
        var (holder, waits) = (Enter(queue, a), Enter(queue, a));
        await Eventually.TrueAsync(() => holder.IsAdmitted);

        queue.Apply(
            a.Settings,
            new GlobalPermitStore(a.Keys, new("/proxy", "prod"), new("A", "other"), LockHostProcess.Patience, a.Time, Logs)
        );
        await Eventually.TrueAsync(() => b.Shared is { Holding: 1, Waiting: 1 } && waits.IsKnown);
        a.Time.Advance(_grace);
        Assert.False(waits.Result.IsCompleted);
        queue.Release(holder.Waiter);
        await Eventually.TrueAsync(() => waits.IsAdmitted);

        queue.Apply(a.Settings, new HostPermitStore());
        await Eventually.TrueAsync(() => Clients() == 0);
        Assert.False(waits.IsLost);
    }

    [Fact]
    public async Task Adopt_ScopeBecomesHostAndGlobalAgain_ThoseThatCloseLeaveTheNewKeysAlone()
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        var holder = await a.EnterAsync();
        await AdmittedAsync(holder);
        var calls = a.Engine.Calls;
        a.Engine.Fail("lock"); // so that the first permits are still there when the others are
        a.Queue.Apply(a.Settings, new HostPermitStore());
        await Eventually.TrueAsync(() => a.Engine.Calls > calls);
        a.Queue.Apply(a.Settings, a.Store);
        var waits = await a.EnterAsync();
        var other = await b.EnterAsync();

        await PassAsync(a, () => Clients() == 3);
        await Eventually.TrueAsync(() => b.Shared is { Holding: 1, Waiting: 2 });
        b.Time.Advance(_grace);
        Assert.False(waits.Result.IsCompleted || other.Result.IsCompleted);
        holder.Leave();

        await PassAsync(a, () => waits.IsAdmitted);
        Assert.False(other.Result.IsCompleted);
    }

    [Fact]
    public async Task Describe_ClientsOfOtherHosts_SeenOnEachHost()
    {
        var (a, b) = (await HostAsync("A"), await HostAsync("B"));
        var holder = await a.EnterAsync();
        var second = await a.EnterAsync();
        var third = await b.EnterAsync();
        await AdmittedAsync(holder);

        await Eventually.TrueAsync(() => b.Shared is { Holding: 1, Waiting: 2 });
        var seen = Assert.Single(b.Shared.Holders);
        Assert.Equal(("A", holder.Waiter.Record.Id, holder.Token), (seen.Instance, seen.ConnectionId, seen.FencingToken));
        var waiting = Assert.Single(b.Queue.Describe().Waiting);
        Assert.Equal((1, 2), (waiting.Position, waiting.SharedPosition));
        Assert.Equal(1, Assert.Single(a.Queue.Describe().Waiting).SharedPosition);
        Assert.Equal((0, holder.Token), (a.Queue.Describe().Holding[0].SharedPosition, a.Queue.Describe().Holding[0].FencingToken));
        Assert.False(second.IsAdmitted || third.IsAdmitted);
    }

    [Fact]
    public async Task Dispose_EngineFails_KeysAreRemovedOnceItIsBack()
    {
        var a = await HostAsync("A");
        var waits = await a.EnterAsync();
        await a.EnterAsync();
        await AdmittedAsync(waits);
        a.Engine.Fail("lock");

        a.Queue.Close();
        waits.Leave();
        a.Queue.Dispose();

        await PassAsync(a, () => Clients() == 0);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Schedule_AnHourWithFaultsOnThreeHosts_NeverMoreThanPermitsInOrderAndNobodyForEver(int seed) =>
        Assert.True(await LockFleetSchedule.RunAsync(seed, TimeSpan.FromHours(1)) > 0);

    public void Dispose() => _hosts.ForEach(static host => host.Dispose());

    private static Microsoft.Extensions.Logging.ILogger<GlobalPermitStore> Logs =>
        Microsoft.Extensions.Logging.Abstractions.NullLogger<GlobalPermitStore>.Instance;

    private static Task AdmittedAsync(LockHostProcess.Client client) => Eventually.TrueAsync(() => client.IsAdmitted);

    private static Task AdmittedAsync(LockHostProcess.Client client, TimeSpan after)
    {
        client.Host.Time.Advance(after - TimeSpan.FromMilliseconds(1));
        Assert.False(client.Result.IsCompleted);
        client.Host.Time.Advance(TimeSpan.FromMilliseconds(1));
        return AdmittedAsync(client);
    }

    private static LockHostProcess.Client Enter(LockQueue queue, LockHostProcess host)
    {
        var connection = new Microsoft.AspNetCore.Connections.DefaultConnectionContext(Guid.NewGuid().ToString());
        var waiter = new LockWaiter(connection, new(connection, "", "", host.Time), host.Time.GetTimestamp());
        return new(host, waiter, queue.EnterAsync(waiter).AsTask());
    }

    private async Task<LockHostProcess> HostAsync(string name, WhenEngineLost whenLost = WhenEngineLost.Hold)
    {
        var host = new LockHostProcess(_cluster, name, whenLost: whenLost);
        _hosts.Add(host);
        return await host.StartedAsync();
    }

    // A client is served, and its key is gone: the host follows its lease by then.
    private async Task ComeAndGoAsync(LockHostProcess host)
    {
        var client = await host.EnterAsync();
        await AdmittedAsync(client);
        client.Leave();
        await Eventually.TrueAsync(() => Clients() == 0);
    }

    // Time passes until something is so: pauses between attempts differ at random.
    private static Task PassAsync(LockHostProcess host, Func<bool> fact) =>
        Eventually.TrueAsync(() =>
        {
            host.Time.Advance(TimeSpan.FromMilliseconds(500));
            return fact();
        });

    private int Clients() => _cluster.Keys.Count(static key => !key.Key.EndsWith("/released", StringComparison.Ordinal));
}
