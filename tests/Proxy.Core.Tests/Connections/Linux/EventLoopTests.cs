using Proxy.Connections.Linux;

namespace Proxy.Core.Tests.Connections.Linux;

public sealed class EventLoopTests
{
    [Fact]
    public async Task Turn_ThatDoesNotEnd_WarnedOfWhileItRuns()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var time = new ManualTime();
        using var log = new LogLines();
        using var group = new EventLoopGroup(1, null, log, time);
        using var holding = new Holding();
        group.Loops[0].Post(holding);
        await HoldAsync(group.Loops[0], holding);

        time.Advance(TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.StartsWith("Connections of event loop 0 (0) had to wait ", Assert.Single(log.Lines), StringComparison.Ordinal);
        holding.LetGo();
        await Eventually.TrueAsync(() => group.Loops[0].TurnBegan == 0);
        Assert.Single(log.Lines);
    }

    [Fact]
    public async Task Turn_ThatIsHeld_ReportsTheStepThatTookLongest()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var report = new Report { HasMemory = true };
        using var loop = new EventLoop(0, report);
        using var holding = new Holding();
        loop.Post(new Answering());
        loop.Post(holding);
        loop.Post(new Answering());
        await HoldAsync(loop, holding);
        loop.Watch();
        Assert.False(Assert.Single(report.Turns, turn => turn.Step == holding).IsOver);
        holding.LetGo();

        // Without a CPU for as long as it was held, the thread may take longer for another step of the turn. Then the next turn has to show it.
        await Eventually.TrueAsync(async () =>
        {
            using var next = new Holding();
            var after = new Answering();
            loop.Post(next);
            await HoldAsync(loop, next);
            loop.Post(after); // runs in the turn after this one, which is reported by then
            next.LetGo();
            await after.Answered.WaitAsync(Eventually.Limit);
            return report.Turns.Any(turn => turn.IsOver && turn.Step == next);
        });
    }

    // Other turns are too long as well on a machine with much else to do, and are reported.
    private static async Task HoldAsync(EventLoop loop, Holding holding)
    {
        await Eventually.TrueAsync(() => holding.Runs);
        var (now, began) = (Environment.TickCount64, loop.TurnBegan);
        var before = now - began;
        await Eventually.TrueAsync(() => Environment.TickCount64 - now > EventLoop.LongestTurn + before);
    }

    [Fact]
    public async Task Post_NoMemoryEvenForTheLog_LoopGoesOnAndReportsLater()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var report = new Report();
        using var loop = new EventLoop(0, report);
        loop.Post(new Throwing());
        await Eventually.TrueAsync(() => report.Refused >= 1); // the log had no memory either

        report.HasMemory = true;
        var answered = new Answering();
        loop.Post(answered);

        await answered.Answered.WaitAsync(Eventually.Limit);
        await Eventually.TrueAsync(() => !report.Failures.IsEmpty);
        Assert.IsAssignableFrom<OutOfMemoryException>(Assert.Single(report.Failures));
    }

    [Fact]
    public async Task Post_FromTheLoopItself_RunsThoughNothingElseHappens()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var loop = new EventLoop(0, new Report());
        var last = new Answering();

        loop.Post(new Acting(() => loop.Post(new Acting(() => loop.Post(last)))));

        await last.Answered.WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task Timers_EarlierOneAfterALaterOneAndOneThatIsCancelled_AllOthersAreCalledInOrder()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var loop = new EventLoop(0, new Report());
        using var holding = new Holding();
        var called = new System.Collections.Concurrent.ConcurrentQueue<int>();
        var cancelled = new Deadline(() => called.Enqueue(0));
        var began = 0L;
        var set = new Answering();
        loop.Post(new Acting(() => loop.Timers.Schedule(new Deadline(static () => { }), loop.Now + (400 * TimerWheel.Tick))));
        loop.Post(set);
        await set.Answered.WaitAsync(Eventually.Limit);
        await Eventually.TrueAsync(() => loop.TurnBegan == 0); // it waits for that one, which is later than all others

        // What is posted while the loop is held runs in one turn, however late this thread is: none of these is due before all are set.
        loop.Post(holding);
        await Eventually.TrueAsync(() => holding.Runs);
        loop.Post(
            new Acting(() =>
            {
                began = loop.Now;
                loop.Timers.Schedule(new Deadline(() => called.Enqueue(2)), began + (8 * TimerWheel.Tick));
                loop.Timers.Schedule(cancelled, began + TimerWheel.Tick);
            })
        );
        loop.Post(new Acting(() => loop.Timers.Schedule(new Deadline(() => called.Enqueue(1)), began + (4 * TimerWheel.Tick))));
        loop.Post(new Acting(() => loop.Timers.Cancel(cancelled)));
        holding.LetGo();

        await Eventually.TrueAsync(() => called.Count == 2);

        Assert.Equal([1, 2], called);
    }

    private sealed class Report : IEventLoopReport
    {
        private int _refused;

        public bool HasMemory { get; set; }

        public int Refused => Volatile.Read(ref _refused);

        public System.Collections.Concurrent.ConcurrentQueue<Exception> Failures { get; } = new();

        public System.Collections.Concurrent.ConcurrentQueue<HeldTurn> Turns { get; } = new();

        public void Began(EventLoop loop) { }

        public void Held(EventLoop loop, HeldTurn turn) => Turns.Enqueue(turn);

        public void Failed(EventLoop loop, Exception exception)
        {
            if (!HasMemory)
            {
                Interlocked.Increment(ref _refused);
                throw new InsufficientMemoryException();
            }

            Failures.Enqueue(exception);
        }
    }

    private sealed class Throwing : IThreadPoolWorkItem
    {
        public void Execute() => throw new InsufficientMemoryException(); // is an OutOfMemoryException that code may throw
    }

    private sealed class Acting(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }

    private sealed class Deadline(Action action) : LoopTimer
    {
        public override long OnTimer(long now)
        {
            action();
            return Never;
        }
    }

    private sealed class Answering : IThreadPoolWorkItem
    {
        private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Answered => _answered.Task;

        public void Execute() => _answered.TrySetResult();
    }
}
