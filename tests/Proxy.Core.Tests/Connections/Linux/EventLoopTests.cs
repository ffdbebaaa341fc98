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
        await Eventually.TrueAsync(() =>
            group.Loops[0].TurnBegan is > 0 and var began && Environment.TickCount64 - began > EventLoop.LongestTurn
        );

        time.Advance(TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Contains("Event loop 0 has been blocked", Assert.Single(log.Lines), StringComparison.Ordinal);
        holding.LetGo();
        await Eventually.TrueAsync(() => group.Loops[0].TurnBegan == 0);
        Assert.Single(log.Lines);
    }

    private sealed class Holding : IThreadPoolWorkItem, IDisposable
    {
        private readonly ManualResetEventSlim _let = new();

        public void LetGo() => _let.Set();

        public void Execute() => _let.Wait(Eventually.Limit);

        public void Dispose() => _let.Dispose();
    }
}
