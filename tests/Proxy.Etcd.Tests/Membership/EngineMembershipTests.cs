using System.Text;
using Proxy.Channels.Membership;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Tests.Membership;

/// <summary>What instances of a group know of each other over what happens to them and to the engine.</summary>
public sealed class EngineMembershipTests : IAsyncLifetime
{
    private readonly EngineGroup _group = new();

    public Task InitializeAsync() => Task.CompletedTask;

    [Fact]
    public async Task JoinAsync_SeveralInstances_KnowEachOtherAndNotThemselves()
    {
        var (a, b, c) = await ThreeAsync();

        Assert.Equal(b.Self, a.Member("A_2"));
        Assert.Equal(["A_1:Up", "A_2:Up"], c.Members);
        Assert.All(_group.Cluster.Keys, static key => Assert.NotEqual(0, key.Lease));
    }

    [Fact]
    public async Task PublishAsync_AnotherRecord_ReplacesIt()
    {
        var (a, b, _) = await ThreeAsync();

        await a.PublishAsync(a.Self with { State = MemberState.Draining, Connectors = [new("ring", false, true, [9100])] });

        Assert.Contains("draining", a.Published, StringComparison.Ordinal);
        await b.KnowsAsync("A_1:Draining", "A_3:Up");
        Assert.Equal(a.Self, b.Member("A_1"));
    }

    [Fact]
    public async Task DisposeAsync_EngineAnswers_OthersSeeItLeaveAtOnce()
    {
        var (a, b, c) = await ThreeAsync();

        await b.LeaveAsync();
        await c.LeaveAsync(); // many that leave are believed, as one is

        await a.KnowsAsync();
        Assert.Equal([("A_2", DepartureReason.Left), ("A_3", DepartureReason.Left)], Gone(a));
        Assert.Null(b.Published);
    }

    [Fact]
    public async Task DisposeAsync_RemovalFailsAndTheWatchMissedTheMark_TheMarkIsSeenInTheList()
    {
        var (a, b, _) = await ThreeAsync();
        a.Store.Leave();
        await Eventually.TrueAsync(() => a.IsStale);
        await b.CrashAsync();
        var lease = b.Store.Lease.Current!.Id;
        _group.Cluster.Commit(
            new() { Operations = [new KeyOperation.Put(_group.Keys.Member("A_2"), Encoding.UTF8.GetBytes("{\"left\":true}"), lease)] }
        );
        _group.Cluster.Compact();

        a.Store.Return();

        await a.KnowsAsync("A_3:Up");
        Assert.Equal([("A_2", DepartureReason.Left)], Gone(a));
    }

    [Fact]
    public async Task Lease_EndsOfOne_OthersSeeItExpire()
    {
        var (a, b, c) = await ThreeAsync();
        var d = await _group.JoinAsync("A_4");
        await EngineGroup.MeetAsync(a, b, c, d);

        await d.CrashAsync();
        Assert.Equal(3, a.Members.Count);
        d.Store.Lease.ExpireThere();

        await a.KnowsAsync("A_2:Up", "A_3:Up");
        Assert.Equal([("A_4", DepartureReason.Expired)], Gone(a));
    }

    [Fact]
    public async Task Lease_EndsOfOneThatLives_IsPublishedAnew()
    {
        var (a, b, _) = await ThreeAsync();

        b.Store.Lease.Expire();
        Assert.Null(b.Published);
        b.Store.Lease.Grant();

        await b.IsPublishedAsync();
        Assert.Equal(b.Store.Lease.Current!.Id, _group.Cluster.Get(_group.Keys.Member("A_2"))!.Lease);
        await a.KnowsAsync("A_2:Up", "A_3:Up");
    }

    [Fact]
    public async Task Key_RemovedOrOverwrittenByAnOperator_IsWrittenAnew()
    {
        var (a, b, _) = await ThreeAsync();

        _group.Cluster.Remove(_group.Keys.Member("A_1"));

        await a.IsPublishedAsync();
        await b.KnowsAsync("A_1:Up", "A_3:Up");
    }

    [Fact]
    public async Task Engine_Away_LastSetIsKeptAndStale()
    {
        var (a, b, c) = await ThreeAsync();

        a.Store.Leave();

        await Eventually.TrueAsync(() => a.IsStale);
        await c.PublishAsync(c.Self with { State = MemberState.Draining });
        await b.KnowsAsync("A_1:Up", "A_3:Draining");
        await a.PublishAsync(a.Self with { State = MemberState.Draining }); // does not fail: that would end the session and so leave the group
        Assert.Equal(["A_2:Up", "A_3:Up"], a.Members);

        a.Store.Return();
        await a.KnowsAsync("A_2:Up", "A_3:Draining");
        await Eventually.TrueAsync(() => !a.IsStale);
        await PassUntilAsync(() => b.Members is ["A_1:Draining", "A_3:Draining"]);
        Assert.Empty(Gone(a));
    }

    [Fact]
    public async Task Engine_AwayAtTheStart_IsStaleAndJoinsWhenItIsBack()
    {
        var a = await _group.JoinAsync("A_1");
        await a.IsPublishedAsync();
        var b = _group.Prepare("A_2");
        b.Store.Leave();
        await b.JoinAsync();
        await Eventually.TrueAsync(() => b.IsStale);

        b.Store.Return();

        await b.KnowsAsync("A_1:Up");
        await PassUntilAsync(() => a.Members is ["A_2:Up"]);
    }

    [Fact]
    public async Task Engine_FrozenBeyondAllLeases_NobodyIsToldOfALoss()
    {
        var (a, b, c) = await ThreeAsync();
        var told = a.Told.Count;
        EngineInstance[] all = [a, b, c];
        foreach (var instance in all)
        {
            instance.Store.Leave();
        }

        await Eventually.TrueAsync(() => all.All(static instance => instance.IsStale));

        // When it goes on, it first ends all leases, and the processes hear of that one after another.
        foreach (var instance in all)
        {
            instance.Store.Lease.ExpireThere();
        }

        Assert.Empty(_group.Cluster.Keys);
        foreach (var instance in all)
        {
            instance.Store.Return();
        }

        await Eventually.TrueAsync(() => all.All(static instance => !instance.IsStale));
        foreach (var instance in all)
        {
            instance.Store.Lease.EndHere();
            instance.Store.Lease.Grant();
        }

        await EveryoneIsPublishedAsync(all);
        Untouched(all, told);
    }

    [Fact]
    public async Task Engine_LosesAllData_EveryProcessWritesItsRecordAnewAndNobodyIsToldOfALoss()
    {
        var (a, b, c) = await ThreeAsync();
        var told = a.Told.Count;
        EngineInstance[] all = [a, b, c];
        foreach (var instance in all)
        {
            instance.Store.Leave();
        }

        await Eventually.TrueAsync(() => all.All(static instance => instance.IsStale));
        _group.Cluster.LoseData();
        foreach (var instance in all)
        {
            instance.Store.Return();
        }

        await Eventually.TrueAsync(() => all.All(static instance => !instance.IsStale));
        foreach (var instance in all)
        {
            instance.Store.Lease.EndHere();
            instance.Store.Lease.Grant();
        }

        await EveryoneIsPublishedAsync(all);
        Untouched(all, told);
    }

    [Fact]
    public async Task Leases_MostEndAtOnce_ThoseThatAnswerStay()
    {
        var (a, b, c) = await ThreeAsync();
        var d = await _group.JoinAsync("A_4");
        await EngineGroup.MeetAsync(a, b, c, d);
        await d.CrashAsync();

        // All are in one update: as after a compaction.
        EngineInstance[] others = [b, c, d];
        Array.ForEach(others, static instance => instance.Store.Leave());
        _group.Cluster.EndTogether([.. others.Select(static instance => instance.Store.Lease.Current!.Id)]);

        await a.KnowsAsync("A_2:Up", "A_3:Up", "A_4:Suspect");
        await PassUntilAsync(() => a.Members is ["A_2:Up", "A_3:Up"]);
        Assert.Equal([("A_4", DepartureReason.Expired)], Gone(a));
    }

    [Fact]
    public async Task Leases_AllEndOneByOneAndTheyAnswer_NobodyIsToldOfALoss()
    {
        var a = await _group.JoinAsync("A_1");
        List<EngineInstance> others = [];
        for (var number = 2; number <= 11; number++)
        {
            others.Add(await _group.JoinAsync($"A_{number}"));
        }

        await Eventually.TrueAsync(() => a.Members.Count == 10);
        await a.IsPublishedAsync();
        var told = a.Told.Count;
        foreach (var other in others)
        {
            other.Store.Leave(); // it does not write its record anew
            other.Store.Lease.ExpireThere();
        }

        _group.Cluster.Put(
            _group.Keys.Member("A_12"),
            a.Published!.Replace("A_1", "A_12", StringComparison.Ordinal).Replace("127.0.0.3", "127.0.0.14", StringComparison.Ordinal)
        );
        await Eventually.TrueAsync(() => a.Member("A_12") is not null);
        await EveryoneIsPublishedAsync([]);

        Assert.Equal(11, a.Members.Count);
        Assert.Equal("A_12", Assert.IsType<MembershipUpdate.Changed>(Assert.Single(a.Told.Skip(told))).Member.Id);
    }

    [Fact]
    public async Task Restart_AfterACrashWithItsState_ReplacesItsRecordAtOnce()
    {
        var a = await _group.JoinAsync("A_1");
        var before = await _group.JoinAsync("A_2", "e1", "state");
        await EngineGroup.MeetAsync(a, before);
        await before.CrashAsync();
        var told = a.Told.Count;

        var after = await _group.JoinAsync("A_2", "e2", "state");

        await after.IsPublishedAsync();
        await Eventually.TrueAsync(() => a.Member("A_2")?.Epoch == "e2");
        before.Store.Lease.ExpireThere(); // takes nothing with it
        await after.PublishAsync(after.Self with { Zone = "z" });
        await Eventually.TrueAsync(() => a.Member("A_2")?.Zone == "z");
        Assert.Equal(
            [("e2", null), ("e2", "z")],
            a.Told.Skip(told)
                .Select(static update => Assert.IsType<MembershipUpdate.Changed>(update).Member)
                .Select(static one => (one.Epoch, one.Zone))
        );
        Assert.Equal(before.Self.LocalAddress, a.Member("A_2")!.LocalAddress);
    }

    [Fact]
    public async Task Restart_AfterACrashWithoutItsState_WaitsForTheLease()
    {
        var a = await _group.JoinAsync("A_1");
        var before = await _group.JoinAsync("A_2");
        await EngineGroup.MeetAsync(a, before);
        await before.CrashAsync();

        var after = await _group.JoinAsync("A_2", "e2");
        await Eventually.TrueAsync(() => after.Reports.Count == 1);
        Assert.Contains("\"e1\"", before.Published, StringComparison.Ordinal);
        before.Store.Lease.ExpireThere();

        await after.IsPublishedAsync();
        await Eventually.TrueAsync(() => a.Member("A_2")?.Epoch == "e2");
    }

    [Fact]
    public async Task Id_OfAnotherProcessThatLives_IsReportedAndTheFirstKeepsIt()
    {
        var a = await _group.JoinAsync("A_1");
        var first = await _group.JoinAsync("A_2");
        await EngineGroup.MeetAsync(a, first);

        var second = await _group.JoinAsync("A_2", "e2");

        await Eventually.TrueAsync(() => second.Reports.Count == 1);
        Assert.StartsWith("another process is the instance 'A_2' too, at 127.0.0.1:15008", second.Reports[0], StringComparison.Ordinal);
        await second.KnowsAsync("A_1:Up");
        await first.PublishAsync(first.Self with { Zone = "z" });
        await Eventually.TrueAsync(() => a.Member("A_2")?.Zone == "z");
        Assert.Equal("e1", a.Member("A_2")!.Epoch);
        Assert.Single(second.Reports);

        await first.LeaveAsync();
        await second.IsPublishedAsync();
        await Eventually.TrueAsync(() => a.Member("A_2")?.Epoch == "e2");
    }

    [Fact]
    public async Task DisposeAsync_AnotherProcessHasTheId_LeavesItsRecord()
    {
        var first = await _group.JoinAsync("A_2");
        await first.IsPublishedAsync();
        var second = await _group.JoinAsync("A_2", "e2");
        await Eventually.TrueAsync(() => second.Reports.Count == 1);

        await second.LeaveAsync();

        Assert.Contains("\"e1\"", first.Published, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Groups_OfOneEngine_DoNotKnowEachOther()
    {
        await using var other = new EngineGroup();
        var a = await _group.JoinAsync("A_1");
        await a.IsPublishedAsync();
        _group.Cluster.Put(new EngineKeys("/proxy", "prod2").Member("A_2"), a.Published!.Replace("A_1", "A_2", StringComparison.Ordinal));
        var c = await _group.JoinAsync("A_3");

        await EngineGroup.MeetAsync(a, c);
    }

    [Fact]
    public async Task Key_CannotBeWritten_IsLoggedOnceAndTriedAgain()
    {
        var a = _group.Prepare("A_1");
        a.Store.Fail("A_1");
        a.Store.Fail("A_1", isRefused: true);
        a.Store.Fail("A_1", happens: true);
        await a.JoinAsync();

        await PassUntilAsync(() => a.Log.Lines.Any(static line => line.EndsWith("is written again.", StringComparison.Ordinal)));

        Assert.NotNull(a.Published);
        Assert.Single(a.Log.Lines, static line => line.Contains("could not be written", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Key_RemovedBeforeTheAnswerOfItsWriteHasCome_IsWrittenAnew()
    {
        var (a, late) = (_group.Prepare("A_1"), new TaskCompletionSource());
        a.Store.AnswersAfter = late.Task;
        await a.JoinAsync();
        await a.IsPublishedAsync();
        _group.Cluster.Remove(_group.Keys.Member("A_1"));
        await _group.JoinAsync("A_2");
        await a.KnowsAsync("A_2:Up"); // so it has seen the removal

        a.Store.AnswersAfter = null;
        late.SetResult();

        await PassUntilAsync(() => a.Published is not null);
    }

    [Fact]
    public async Task Key_WritingItThrows_IsLoggedAndTriedAgain()
    {
        var a = _group.Prepare("A_1");
        a.Store.Breaks = new InvalidOperationException("odd");

        await a.JoinAsync();

        await PassUntilAsync(() => a.Published is not null);
        Assert.Single(a.Log.Lines, static line => line.Contains("has failed; it goes on in some seconds", StringComparison.Ordinal));
    }

    public Task DisposeAsync() => _group.DisposeAsync().AsTask();

    private static List<(string, DepartureReason)> Gone(EngineInstance instance) =>
        [.. instance.Told.OfType<MembershipUpdate.Gone>().Select(static gone => (gone.Id, gone.Reason))];

    /// <summary>Nobody was told that a member is gone, or only suspect.</summary>
    private static void Untouched(EngineInstance[] all, int told)
    {
        Assert.All(all, static instance => Assert.Empty(Gone(instance)));
        Assert.All(
            all,
            static instance => Assert.Equal(2, instance.Members.Count(static member => member.EndsWith(":Up", StringComparison.Ordinal)))
        );
        foreach (var update in all[0].Told.Skip(told))
        {
            var members = update switch
            {
                MembershipUpdate.Full full => full.Members,
                MembershipUpdate.Changed changed => [changed.Member],
                _ => [],
            };
            Assert.All(members, static member => Assert.Equal(MemberState.Up, member.State));
            Assert.True(update is not MembershipUpdate.Full || members.Count == 2);
        }
    }

    private async Task EveryoneIsPublishedAsync(EngineInstance[] all)
    {
        await PassUntilAsync(() => all.All(static instance => instance.Published is not null));
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromMinutes(2); passed += TimeSpan.FromSeconds(5))
        {
            _group.Time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }

        await EngineGroup.MeetAsync(all);
    }

    private async Task<(EngineInstance A, EngineInstance B, EngineInstance C)> ThreeAsync()
    {
        var (a, b, c) = (await _group.JoinAsync("A_1"), await _group.JoinAsync("A_2"), await _group.JoinAsync("A_3"));
        await EngineGroup.MeetAsync(a, b, c);
        return (a, b, c);
    }

    /// <summary>Lets time pass until something is true.</summary>
    private Task PassUntilAsync(Func<bool> fact) =>
        Eventually.TrueAsync(() =>
        {
            if (fact())
            {
                return true;
            }

            _group.Time.Advance(TimeSpan.FromMilliseconds(500));
            return false;
        });
}
