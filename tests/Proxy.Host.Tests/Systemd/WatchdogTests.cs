using Microsoft.Extensions.Logging;
using Proxy.Host.Hosting.Systemd;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Systemd;

public sealed class WatchdogTests
{
    private readonly Lock _gate = new(); // guards _answer
    private TaskCompletionSource _answer = new();
    private int _alive;

    [Fact]
    public async Task Run_NobodyAnswers_SilentUntilSomebodyDoes()
    {
        var log = new CountingLogger();
        using var watchdog = new Watchdog(TimeSpan.FromMilliseconds(40), Ask, () => Interlocked.Increment(ref _alive), log);

        // It has waited for several times as long as it speaks, and said nothing.
        await Eventually.TrueAsync(() => log.Count >= 3);
        Assert.Equal(0, Volatile.Read(ref _alive));

        Answer(stuckAgain: true);
        await Eventually.TrueAsync(() => Volatile.Read(ref _alive) == 1);
        var before = log.Count;
        await Eventually.TrueAsync(() => log.Count >= before + 3);
        Assert.Equal(1, Volatile.Read(ref _alive));

        Answer(stuckAgain: false);
        await Eventually.TrueAsync(() => Volatile.Read(ref _alive) >= 4);
    }

    [Fact]
    public void Dispose_NobodyAnswers_Ends()
    {
        var watchdog = new Watchdog(TimeSpan.FromHours(1), Ask, static () => { }, new CountingLogger());
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

    private sealed class CountingLogger : ILogger<Watchdog>
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Interlocked.Increment(ref _count);
    }
}
