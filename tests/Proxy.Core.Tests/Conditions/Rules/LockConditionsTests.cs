using Microsoft.AspNetCore.Connections;
using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Core.Tests.Locking;
using Proxy.Diagnostics;
using Proxy.Locking;

namespace Proxy.Core.Tests.Conditions.Rules;

public sealed class LockConditionsTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly TestLock _lock;
    private readonly LockConditions _conditions;
    private int _clients;

    public LockConditionsTests()
    {
        _lock = new(_time);
        _conditions = new(_lock.Registry);
    }

    [Fact]
    public void Read_QueueIsFull_DegradedSinceItIsFull()
    {
        var pipeline = _lock.Use(_lock.Settings with { QueueLimit = 2 });
        Come(pipeline); // holds the permit
        Come(pipeline);
        Assert.Equal(ConditionLevel.Ok, Condition.Level);
        _time.Advance(TimeSpan.FromMinutes(1));
        var full = _time.GetUtcNow();
        Come(pipeline);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal((ConditionLevel.Degraded, ConditionReason.QueueFull, full), (Condition.Level, Condition.Reason, Condition.Since));

        Come(pipeline); // refused
        Assert.Equal((full, 1), (Condition.Since, Condition.Count));
    }

    [Fact]
    public void Read_NoQueueAndAClientRefused_DegradedForAMinute()
    {
        var pipeline = _lock.Use(_lock.Settings with { QueueLimit = 0 });
        Come(pipeline);
        Assert.Equal(ConditionLevel.Ok, Condition.Level);
        Come(pipeline);

        Assert.Equal((ConditionReason.QueueFull, 1), (Condition.Reason, Condition.Count));
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(ConditionLevel.Ok, Condition.Level);
    }

    [Theory]
    [InlineData(SharedLockState.Shared, ConditionLevel.Ok, ConditionReason.None)]
    [InlineData(SharedLockState.Unreachable, ConditionLevel.Down, ConditionReason.EngineUnreachable)]
    [InlineData(SharedLockState.Local, ConditionLevel.Degraded, ConditionReason.EngineUnreachable)]
    public void Read_LockOverAllHosts_DownIfItAdmitsNobody(SharedLockState state, ConditionLevel level, ConditionReason reason)
    {
        var store = new TestPermitStore
        {
            Status = new()
            {
                State = state,
                Holding = 1,
                Waiting = 2,
                Reason = "It is away.",
            },
        };
        using var registry = new LockRegistry([store], _lock.Metrics, _time);
        registry.Apply([registry.Reserve(TestLock.Route, "Global", _lock.Settings)]);

        var condition = Assert.Single(new LockConditions(registry).Read());

        Assert.Equal((level, reason), (condition.Level, condition.Reason));
        Assert.Equal(state == SharedLockState.Shared ? null : "It is away.", condition.LastError);
    }

    [Fact]
    public void Read_Paused_DegradedUntilItIsResumed()
    {
        _lock.Use(_lock.Settings);
        var since = _time.GetUtcNow();
        _lock.Registry.TryPause(TestLock.Route, paused: true);
        _time.Advance(TimeSpan.FromHours(1));
        _lock.Registry.TryPause(TestLock.Route, paused: true);

        Assert.Equal((ConditionLevel.Degraded, ConditionReason.Paused, since), (Condition.Level, Condition.Reason, Condition.Since));
        _lock.Registry.TryPause(TestLock.Route, paused: false);
        Assert.Equal(ConditionLevel.Ok, Condition.Level);
    }

    [Fact]
    public async Task Read_ActivationsFail_DownAfterThree()
    {
        var pipeline = _lock.Use(_lock.WithHooks);
        _lock.Activate.Fails = true;
        var since = _time.GetUtcNow();
        for (var client = 1; client <= 3; client++)
        {
            await Come(pipeline).WaitAsync(Eventually.Limit);
            await Eventually.TrueAsync(() => _lock.Status.Holding.Count == 0);
            Assert.Equal(client < 3 ? ConditionLevel.Degraded : ConditionLevel.Down, Condition.Level);
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal((ConditionReason.ActivationFailed, since, 3), (Condition.Reason, Condition.Since, Condition.Count));
        Assert.Contains("The test wants it to fail", Condition.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_HooksFailAndClientsAreServedAllTheSame_Degraded()
    {
        var pipeline = _lock.Use(_lock.WithHooks with { ProceedsOnHookFailure = true });
        _lock.Activate.Fails = true;
        var (running, record) = Start(pipeline);
        _lock.Service.End(record.Id);
        await running.WaitAsync(Eventually.Limit);

        Assert.Equal((ConditionLevel.Degraded, ConditionReason.ActivationFailed), (Condition.Level, Condition.Reason));
    }

    [Fact]
    public async Task Read_FailedHookIsRemovedByAnEdit_Ok()
    {
        var pipeline = _lock.Use(_lock.WithHooks with { ProceedsOnHookFailure = true });
        _lock.Activate.Fails = _lock.Release.Fails = true;
        var (running, record) = Start(pipeline);
        _lock.Service.End(record.Id);
        await running.WaitAsync(Eventually.Limit);
        await Eventually.TrueAsync(() => Condition.Level == ConditionLevel.Degraded);

        _lock.Use(_lock.WithHooks with { OnActivate = _lock.Steps() });
        await Eventually.TrueAsync(() => Condition.Level == ConditionLevel.Degraded); // the release fails, too, and may run a moment after the client's end
        _lock.Use(_lock.Settings);

        Assert.Equal(ConditionLevel.Ok, Condition.Level);
    }

    public void Dispose() => _lock.Dispose();

    private Condition Condition => Assert.Single(_conditions.Read());

    private Task Come(ConnectionDelegate pipeline) => Start(pipeline).Running;

    private (Task Running, ConnectionRecord Record) Start(ConnectionDelegate pipeline)
    {
        var connection = new FakeConnection($"client {++_clients}");
        var record = new ConnectionRecord(connection, "e", "", _time);
        record.Attach();
        return (pipeline(connection), record);
    }
}
