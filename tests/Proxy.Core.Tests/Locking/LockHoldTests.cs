using System.Collections.Concurrent;
using System.Globalization;
using Proxy.Diagnostics;
using Proxy.Locking;

namespace Proxy.Core.Tests.Locking;

public sealed class LockHoldTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly TestLock _lock;
    private LockQueue? _queue;
    private int _clients;

    public LockHoldTests() => _lock = new TestLock(_time);

    [Fact]
    public async Task RunAsync_ClientIsServed_GivesThePlaceAtTheDestinationBack()
    {
        var queue = Create(_lock.Settings);
        var client = await EnterAsync(queue);
        _lock.Service.End(client.Record.Id);

        await RunAsync(queue, client);

        Assert.Equal(1, _lock.Service.GivenBack);
        Assert.Equal(0, queue.Count().Holding);
    }

    [Fact]
    public async Task RunAsync_StopDuringActivation_DrainedAndThePermitComesBack()
    {
        var queue = Create(_lock.WithHooks);
        _lock.Activate.Hold();
        var client = await EnterAsync(queue);
        var running = RunAsync(queue, client);
        await Eventually.TrueAsync(() => _lock.Activate.IsRunning);

        await _stopped.CancelAsync();
        await running;

        Assert.Equal(ConnectionOutcome.Drained, client.Record.Outcome);
        Assert.Empty(_lock.Service.Came);
        await Eventually.TrueAsync(() => queue.Count().Holding == 0);
    }

    [Fact]
    public async Task RunAsync_PermitIsLostWhileServed_ResetAndItsHooksKnowTheToken()
    {
        var queue = _queue = new LockQueue(TestLock.Route, _lock.WithHooks, new TestPermitStore(), _time);
        var client = await EnterAsync(queue);
        var running = RunAsync(queue, client);
        await Eventually.TrueAsync(() => _lock.Service.Came.Count == 1);

        ((TestPermitStore.Ticket)client.Ticket!).Lose();

        Assert.Equal(ConnectionOutcome.PermitLost, client.Record.Outcome);
        _lock.Service.End(client.Record.Id);
        await running.WaitAsync(Eventually.Limit);
        await Eventually.TrueAsync(() => queue.Count().Holding == 0);
        Assert.Equal([4711, 4711], _lock.Activate.Events.Concat(_lock.Release.Events).Select(static one => one.FencingToken));
    }

    [Fact]
    public async Task RunAsync_PermitIsLost_ServiceGetsItsReleaseDelayAllTheSame()
    {
        var settings = _lock.Settings with { ReleaseDelay = TimeSpan.FromSeconds(5) };
        var queue = _queue = new LockQueue(TestLock.Route, settings, new TestPermitStore(), _time);
        var client = await EnterAsync(queue);
        var running = RunAsync(queue, client);
        await Eventually.TrueAsync(() => _lock.Service.Came.Count == 1);

        ((TestPermitStore.Ticket)client.Ticket!).Lose();
        _lock.Service.End(client.Record.Id);
        await running.WaitAsync(Eventually.Limit);

        await Eventually.TrueAsync(() => queue.Describe().Holding is [{ Phase: LockPhase.Resting }]);
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return queue.Count().Holding == 0;
        });
    }

    [Fact]
    public async Task RunAsync_PermitIsLostDuringActivation_HookIsCancelledAndAdmissionGoesOn()
    {
        var queue = _queue = new LockQueue(TestLock.Route, _lock.WithHooks, new TestPermitStore(), _time);
        _lock.Activate.Hold();
        var client = await EnterAsync(queue);
        var running = RunAsync(queue, client);
        await Eventually.TrueAsync(() => _lock.Activate.IsRunning);

        ((TestPermitStore.Ticket)client.Ticket!).Lose();
        await running.WaitAsync(Eventually.Limit);

        Assert.Equal(ConnectionOutcome.PermitLost, client.Record.Outcome);
        Assert.Empty(_lock.Service.Came);
        Assert.Null(queue.Brief().Status.Failures);
    }

    [Fact]
    public async Task RunAsync_ServedAfterAFailure_OthersAreAdmittedWhileItIsServed()
    {
        var queue = Create(_lock.Settings with { Permits = 2 });
        _lock.Service.IsDown = true;
        await RunAsync(queue, await EnterAsync(queue));
        _lock.Service.IsDown = false;
        var trial = Waiter();
        var trialAdmitted = queue.EnterAsync(trial).AsTask();
        var other = Waiter();
        var otherAdmitted = queue.EnterAsync(other).AsTask();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await trialAdmitted.WaitAsync(Eventually.Limit));
        Assert.False(otherAdmitted.IsCompleted);

        var running = RunAsync(queue, trial);

        Assert.Null(await otherAdmitted.WaitAsync(Eventually.Limit));
        _lock.Service.End(trial.Record.Id);
        await running;
    }

    [Fact]
    public async Task RunAsync_HooksOfSeveralPermits_NeverOverlap()
    {
        var queue = Create(_lock.WithHooks with { Permits = 3 });
        var log = Record();
        var clients = new List<LockWaiter> { await EnterAsync(queue), await EnterAsync(queue), await EnterAsync(queue) };
        _lock.Activate.Hold();
        var running = clients.ConvertAll(client => RunAsync(queue, client));
        await Eventually.TrueAsync(() => _lock.Activate.IsRunning);
        clients.ForEach(client => _lock.Service.End(client.Record.Id));
        _lock.Activate.LetGo();

        await Task.WhenAll(running).WaitAsync(Eventually.Limit);
        await Eventually.TrueAsync(() => queue.Count().Holding == 0);

        var steps = log.ToArray();
        Assert.Equal(12, steps.Length);
        for (var i = 0; i < steps.Length; i += 2)
        {
            Assert.Equal(('+', '-', steps[i][1..]), (steps[i][0], steps[i + 1][0], steps[i + 1][1..]));
        }
    }

    [Fact]
    public async Task RunAsync_ReleaseAndTimeoutWaitForTheirTurn_TimeoutGoesFirst()
    {
        var queue = Create(_lock.WithHooks with { Permits = 3, MaxHold = TimeSpan.FromSeconds(10) });
        var log = Record();
        var expires = await EnterAsync(queue);
        var leaves = await EnterAsync(queue);
        var activates = await EnterAsync(queue);
        var (expiring, leaving) = (RunAsync(queue, expires), RunAsync(queue, leaves));
        await Eventually.TrueAsync(() => _lock.Service.Came.Count == 2);
        _lock.Activate.Hold();
        var activating = RunAsync(queue, activates);
        await Eventually.TrueAsync(() => _lock.Activate.IsRunning);

        _lock.Service.End(leaves.Record.Id);
        await leaving.WaitAsync(Eventually.Limit); // its hook waits for the turn now
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(ConnectionOutcome.HoldExpired, expires.Record.Outcome);
        _lock.Service.End(expires.Record.Id);
        await expiring.WaitAsync(Eventually.Limit);
        _lock.Activate.LetGo();
        _lock.Service.End(activates.Record.Id);

        await activating.WaitAsync(Eventually.Limit);
        await Eventually.TrueAsync(() => queue.Count().Holding == 0);
        Assert.Equal(
            ["+activate", "-activate", "+activate", "-activate", "+activate", "-activate", "+timeout", "-timeout", "+release"],
            log.Take(9)
        );
    }

    public void Dispose()
    {
        _queue?.Dispose();
        _lock.Dispose();
        _stopped.Dispose();
    }

    private ConcurrentQueue<string> Record()
    {
        var log = new ConcurrentQueue<string>();
        foreach (var hook in (TestHook[])[_lock.Activate, _lock.Timeout, _lock.Release])
        {
            hook.Began = () => log.Enqueue($"+{hook.Name}");
            hook.Ended = () => log.Enqueue($"-{hook.Name}");
        }

        return log;
    }

    private LockQueue Create(LockSettings settings) => _queue = new LockQueue(TestLock.Route, settings, new HostPermitStore(), _time);

    private LockWaiter Waiter()
    {
        var connection = new FakeConnection((++_clients).ToString(CultureInfo.InvariantCulture));
        var record = new ConnectionRecord(connection, "", "", _time);
        record.Attach();
        return new LockWaiter(connection, record, _time.GetTimestamp());
    }

    private async Task<LockWaiter> EnterAsync(LockQueue queue)
    {
        var waiter = Waiter();
        Assert.Null(await queue.EnterAsync(waiter).AsTask().WaitAsync(Eventually.Limit));
        return waiter;
    }

    private Task RunAsync(LockQueue queue, LockWaiter waiter) =>
        new LockHold(queue, waiter, _lock.Metrics, _time, _stopped.Token).RunAsync();
}
