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
}
