using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;

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

    private static (ConnectionRecord Record, Task Running) Come(ConnectionDelegate pipeline)
    {
        ConnectionContext connection = new FakeConnection(Guid.NewGuid().ToString("N"));
        var record = new ConnectionRecord(connection, "", "", TimeProvider.System);
        record.Attach();
        return (record, pipeline(connection));
    }
}
