using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Host.Hosting.Systemd;

namespace Proxy.Host.Tests.Hosting.Systemd;

public sealed class WatchdogTests
{
    private readonly Lock _gate = new(); // guards _answer
    private TaskCompletionSource _answer = new();
    private int _alive;

    [Fact]
    public async Task Run_CheckHangs_NotAliveUntilItCompletes()
    {
        var log = new LogLines();
        using var watchdog = new Watchdog(
            TimeSpan.FromMilliseconds(40),
            Ask,
            () => Interlocked.Increment(ref _alive),
            log.CreateLogger<Watchdog>()
        );

        // The check has hung for several periods, and alive was not called.
        await Eventually.TrueAsync(() => log.Lines.Count >= 3);
        Assert.Equal(0, Volatile.Read(ref _alive));

        Answer(stuckAgain: true);
        await Eventually.TrueAsync(() => Volatile.Read(ref _alive) == 1);
        var before = log.Lines.Count;
        await Eventually.TrueAsync(() => log.Lines.Count >= before + 3);
        Assert.Equal(1, Volatile.Read(ref _alive));

        Answer(stuckAgain: false);
        await Eventually.TrueAsync(() => Volatile.Read(ref _alive) >= 4);
    }

    [Fact]
    public void Dispose_CheckHangs_Returns()
    {
        var watchdog = new Watchdog(TimeSpan.FromHours(1), Ask, static () => { }, NullLogger<Watchdog>.Instance);
        watchdog.Dispose();
        Assert.Equal(0, _alive);
    }

    private Task Ask()
    {
        lock (_gate)
        {
            return _answer.Task;
        }
    }

    private void Answer(bool stuckAgain)
    {
        lock (_gate)
        {
            var asked = _answer;
            _answer = stuckAgain ? new() : asked;
            asked.SetResult();
        }
    }
}
