using Proxy.Connections.Linux;

namespace Proxy.Core.Tests.Connections.Linux;

public sealed class EventLoopGroupTests
{
    private static readonly HeldTurn _turn = new(400, IsOver: true, "the relay of x", 390, default);

    [Fact]
    public void Held_ManyTurnsInAMinute_OneLineAndThenTheirNumber()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var time = new ManualTime();
        using var log = new LogLines();
        using var group = new EventLoopGroup(1, null, log, time);
        IEventLoopReport report = group;
        var loop = group.Loops[0];

        report.Held(loop, _turn);
        report.Held(loop, _turn with { Milliseconds = 900 });
        report.Held(loop, _turn with { Milliseconds = 60 });
        var first = Assert.Single(log.Lines);
        time.Advance(TimeSpan.FromMinutes(1));
        report.Held(loop, _turn);

        Assert.Equal(
            "Connections of event loop 0 (0) had to wait 400 ms: 390 ms of it went to the relay of x; look for code that blocks there.",
            first
        );
        Assert.EndsWith(
            ". Since the last such line connections waited 2 more times, at most 900 ms.",
            log.Lines[1],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Watch_LoopsHaveTurnsAndThenNone_TheTimerIsSetForThemOnly()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var time = new ManualTime();
        using var log = new LogLines();
        using var group = new EventLoopGroup(2, null, log, time);
        Assert.Equal(0, time.TimersSet);

        for (var i = 0; i < 3; i++)
        {
            using var held = new Held();
            group.Loops[i % 2].Post(held);
            await held.Begun.WaitAsync(Eventually.Limit);
            time.Advance(TimeSpan.FromSeconds(5));
            Assert.Equal(1, time.TimersSet);

            held.Release();
            await Eventually.TrueAsync(() =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return time.TimersSet == 0;
            });
        }
    }

    private sealed class Held : IThreadPoolWorkItem, IDisposable
    {
        private readonly TaskCompletionSource _released = new();
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => _begun.Task;

        public void Release() => _released.TrySetResult();

        public void Execute()
        {
            _begun.SetResult();
            _released.Task.Wait(Eventually.Limit); // holds the loop
        }

        public void Dispose() => Release();
    }
}
