using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Proxy.Configuration.Locking;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Locking;

namespace Proxy.Core.Tests.Locking;

/// <summary>
/// A queue to which anything may happen in any order: it never has more holders than permits allow, and always admits the first of those that wait.
/// </summary>
internal sealed class LockSchedule : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly TestLock _lock;
    private readonly LockSettings _settings;
    private readonly LockQueue _queue;
    private readonly List<Client> _waiting = [];
    private readonly List<Client> _holding = [];
    private int _permits = 2;
    private int _clients;

    private LockSchedule()
    {
        _lock = new TestLock(_time);
        _settings = _lock.Settings with { Permits = _permits, QueueLimit = 50, QueueTimeout = TimeSpan.FromMinutes(2) };
        _queue = new LockQueue(TestLock.Route, _settings, new HostPermitStore(), _time);
    }

    /// <summary>Schedules of about a second a step, which shrink to fewer steps.</summary>
    public static Arbitrary<Step[]> Any { get; } =
        Arb.Array(
            (
                from what in Gen.Frequency(
                    (5, Gen.Constant(What.Enter)),
                    (3, Gen.Constant(What.Release)),
                    (1, Gen.Constant(What.Leave)),
                    (1, Gen.Constant(What.Fail)),
                    (1, Gen.Constant(What.Edit)),
                    (1, Gen.Frequency((2, Gen.Constant(What.Succeed)), (1, Gen.Elements(What.Pause, What.Resume))))
                )
                from which in Gen.Choose(0, 99)
                from detail in Gen.Choose(0, 11)
                from milliseconds in Gen.Choose(0, 1999)
                select new Step(what, which, detail, milliseconds)
            ).ToArbitrary()
        );

    public static async Task RunAsync(Step[] steps)
    {
        using var schedule = new LockSchedule();
        foreach (var step in steps)
        {
            schedule.Take(step);
            schedule._time.Advance(TimeSpan.FromMilliseconds(step.Milliseconds));
            await schedule.SettleAsync();
        }

        await schedule.EmptyAsync();
    }

    public void Dispose()
    {
        _queue.Dispose();
        _lock.Dispose();
    }

    private void Take(Step step)
    {
        switch (step.What)
        {
            case What.Enter:
                _waiting.Add(Enter());
                break;
            case What.Release when _holding.Count > 0:
                Release(step.Which % _holding.Count);
                break;
            case What.Leave when _waiting.Count > 0:
                _queue.Leave(_waiting[step.Which % _waiting.Count].Waiter, (PeerDeparture)(step.Detail % 3));
                break;
            case What.Fail when _holding.Count > 0:
                _queue.Failed(_holding[0].Waiter);
                Release(0);
                break;
            case What.Edit:
                _permits = 1 + (step.Detail % 4);
                _queue.Apply(_settings with { Permits = _permits, DropQueued = (DropQueued)(step.Detail % 3) });
                break;
            case What.Pause or What.Resume:
                _queue.Pause(step.What == What.Pause);
                break;
            default:
                _queue.Succeeded();
                break;
        }
    }

    private async Task EmptyAsync()
    {
        _queue.Pause(false);
        while (_holding.Count > 0 || _waiting.Count > 0)
        {
            _queue.Succeeded();
            if (_holding.Count > 0)
            {
                Release(0);
            }

            await SettleAsync();
            Assert.True(_holding.Count > 0 || _waiting.Count == 0, "Some wait, and none holds.");
        }

        Assert.Equal((0, 0), _queue.Count());
    }

    private async Task SettleAsync()
    {
        var (stillWaiting, nowHolding) = _queue.Count();
        var before = _holding.Count;
        await Eventually.TrueAsync(() => _waiting.Count(static client => !client.Result.IsCompleted) == stillWaiting);
        foreach (var client in _waiting.Where(static client => client.Result.IsCompleted).ToList())
        {
            var isAhead = _waiting.TakeWhile(other => other != client).Any(static other => !other.Result.IsCompleted);
            _waiting.Remove(client);
            if (await client.Result is null)
            {
                Assert.False(isAhead, "One that waits was overtaken.");
                _holding.Add(client);
            }
        }

        Assert.Equal(nowHolding, _holding.Count);
        Assert.True(_holding.Count <= Math.Max(_permits, before), "More hold than there are permits.");
    }

    private Client Enter()
    {
        var connection = new FakeConnection((++_clients).ToString(CultureInfo.InvariantCulture));
        var waiter = new LockWaiter(connection, new ConnectionRecord(connection, "", "", _time), _time.GetTimestamp());
        return new(waiter, _queue.EnterAsync(waiter).AsTask());
    }

    private void Release(int index)
    {
        _queue.Release(_holding[index].Waiter);
        _holding.RemoveAt(index);
    }

    /// <summary>What happens in a step.</summary>
    internal enum What
    {
        Enter,
        Release,
        Leave,
        Fail,
        Edit,
        Succeed,
        Pause,
        Resume,
    }

    /// <summary>What happens, to which client, how, and how much time passes afterwards.</summary>
    internal sealed record Step(What What, int Which, int Detail, int Milliseconds);

    private sealed record Client(LockWaiter Waiter, Task<ConnectionOutcome?> Result);
}
