using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;
using Proxy.Locking;

namespace Proxy.Core.Tests.Locking;

public sealed class LockRegistryTests
{
    [Fact]
    public void Reserve_RouteRuns_NothingChangesBeforeItIsUsed()
    {
        using var locked = new TestLock();
        locked.Use(locked.Settings);

        var reserved = locked.Registry.Reserve(TestLock.Route, "Host", locked.Settings with { Permits = 5 });
        Assert.Equal(1, locked.Status.Permits);
        locked.Registry.Apply([reserved]);

        Assert.Equal(5, locked.Status.Permits);
    }

    [Fact]
    public void GiveUp_NewRoute_ThereIsNoLock()
    {
        using var locked = new TestLock();

        var reserved = locked.Registry.Reserve(TestLock.Route, "Host", locked.Settings);
        Assert.Empty(locked.Registry.List());
        locked.Registry.GiveUp([reserved]);

        Assert.Empty(locked.Registry.List());
    }

    [Fact]
    public async Task Reserve_LastClientOfARemovedRouteLeaves_QueueServesWhenTheRouteIsBack()
    {
        using var locked = new TestLock();
        var last = Come(locked.Use(locked.Settings));
        locked.Registry.Apply([]);
        var reserved = locked.Registry.Reserve(
            TestLock.Route,
            "Host",
            locked.Settings with
            {
                QueueTimeout = TimeSpan.FromMilliseconds(1),
            }
        );

        locked.Service.End(last.Record.Id);
        await last.Running.WaitAsync(Eventually.Limit);
        await Eventually.TrueAsync(() => locked.Status.Holding.Count == 0);
        locked.Registry.Apply([reserved]);

        var next = Come(reserved.Middleware.OnConnectionAsync);
        var late = Come(reserved.Middleware.OnConnectionAsync);
        await late.Running.WaitAsync(Eventually.Limit);
        Assert.Equal(ConnectionOutcome.QueueTimeout, late.Record.Outcome);
        locked.Service.End(next.Record.Id);
        await next.Running.WaitAsync(Eventually.Limit);
        Assert.Equal(ConnectionOutcome.Completed, next.Record.Outcome);
    }

    // What the last client's end leads to happens when another lock has followed the revision, and this one not yet.
    [Fact]
    public async Task Apply_LastClientOfARemovedRouteHasLeftWhenItIsBack_QueueStaysAndServes()
    {
        using var locked = new TestLock();
        var elsewhere = new TestPermitStore();
        using var registry = new LockRegistry([new HostPermitStore(), elsewhere], locked.Metrics, locked.Time);
        var other = registry.Reserve("other", elsewhere.Name, locked.Settings);
        var office = registry.Reserve(TestLock.Route, "Host", locked.Settings);
        registry.Apply([other, office]);
        var last = Come(office.Middleware.OnConnectionAsync);
        var held = new HeldContinuations();
        other = registry.Reserve("other", elsewhere.Name, locked.Settings);
        held.Hold(() => registry.Apply([other]));
        other = registry.Reserve("other", "Host", locked.Settings);
        office = registry.Reserve(TestLock.Route, "Host", locked.Settings);
        locked.Service.End(last.Record.Id);
        await last.Running.WaitAsync(Eventually.Limit);
        await Eventually.TrueAsync(() => held.Count == 1);
        elsewhere.OnClose = held.Run;

        registry.Apply([other, office]);

        Assert.Equal(0, held.Count);
        Assert.NotNull(registry.Find(TestLock.Route));
        var next = Come(office.Middleware.OnConnectionAsync);
        locked.Service.End(next.Record.Id);
        await next.Running.WaitAsync(Eventually.Limit);
        Assert.Equal(ConnectionOutcome.Completed, next.Record.Outcome);
    }

    [Fact]
    public async Task GiveUp_LastClientOfARemovedRouteHasLeft_LockIsForgotten()
    {
        using var locked = new TestLock();
        var last = Come(locked.Use(locked.Settings));
        locked.Registry.Apply([]);
        var reserved = locked.Registry.Reserve(TestLock.Route, "Host", locked.Settings);
        locked.Service.End(last.Record.Id);
        await last.Running.WaitAsync(Eventually.Limit);
        await Eventually.TrueAsync(() => locked.Status.Holding.Count == 0);

        locked.Registry.GiveUp([reserved]);

        await Eventually.TrueAsync(() => locked.Registry.Find(TestLock.Route) is null);
    }

    [Fact]
    public void TryPause_AndTryChangePermits_OnlyWhereThereIsALock()
    {
        using var locked = new TestLock();
        locked.Use(locked.Settings);

        Assert.False(locked.Registry.TryPause("other", paused: true));
        Assert.False(locked.Registry.TryChangePermits("other", 2));
        Assert.True(locked.Registry.TryPause("OFFICE", paused: true));
        Assert.True(locked.Registry.TryChangePermits("OFFICE", 2));

        Assert.Equal((true, 2), (locked.Status.IsPaused, locked.Status.Permits));
        Assert.Throws<ArgumentOutOfRangeException>(() => locked.Registry.TryChangePermits(TestLock.Route, 0));
        Assert.True(locked.Registry.TryPause(TestLock.Route, paused: false));
        Assert.False(locked.Status.IsPaused);
    }

    [Fact]
    public void List_SeveralLocks_InTheOrderOfTheirRoutes()
    {
        using var locked = new TestLock();
        locked.Registry.Apply([.. ((string[])["b", "C", "a"]).Select(route => locked.Registry.Reserve(route, "HOST", locked.Settings))]);

        Assert.Equal(["a", "b", "C"], locked.Registry.List().Select(static status => status.RouteId));
    }

    [Fact]
    public async Task StopAsync_APermitIsHeld_WaitsUntilItIsBack()
    {
        using var locked = new TestLock();
        var client = Come(locked.Use(locked.Settings));

        var stopping = locked.Registry.StopAsync(CancellationToken.None);
        Assert.False(stopping.IsCompleted);
        locked.Service.End(client.Record.Id);

        await stopping.WaitAsync(Eventually.Limit);
        Assert.Equal(ConnectionOutcome.Completed, client.Record.Outcome);
    }

    [Fact]
    public async Task StopAsync_APermitIsNeverGivenBack_GivesUpAfterALimit()
    {
        var time = new ManualTime();
        using var locked = new TestLock(time);
        var client = Come(locked.Use(locked.Settings));
        using var cancel = new CancellationTokenSource();
        var stopping = locked.Registry.StopAsync(cancel.Token);
        await cancel.CancelAsync();

        await time.WaitForTimerAsync(TimeSpan.FromSeconds(6));
        time.Advance(TimeSpan.FromSeconds(6));

        await stopping.WaitAsync(Eventually.Limit);
        Assert.Null(client.Record.Outcome);
        locked.Service.End(client.Record.Id);
        await client.Running.WaitAsync(Eventually.Limit);
    }

    private static (ConnectionRecord Record, Task Running) Come(ConnectionDelegate pipeline)
    {
        ConnectionContext connection = new FakeConnection(Guid.NewGuid().ToString("N"));
        var record = new ConnectionRecord(connection, "", "", TimeProvider.System);
        record.Attach();
        return (record, pipeline(connection));
    }

    /// <summary>Keeps what would go on, after a wait that began under it, until a test runs it.</summary>
    private sealed class HeldContinuations : SynchronizationContext
    {
        private readonly ConcurrentQueue<(SendOrPostCallback Callback, object? State)> _held = new();

        public int Count => _held.Count;

        public void Hold(Action act)
        {
            var before = Current;
            SetSynchronizationContext(this);
            try
            {
                act();
            }
            finally
            {
                SetSynchronizationContext(before);
            }
        }

        public void Run()
        {
            while (_held.TryDequeue(out var one))
            {
                one.Callback(one.State);
            }
        }

        public override void Post(SendOrPostCallback d, object? state) => _held.Enqueue((d, state));
    }
}
