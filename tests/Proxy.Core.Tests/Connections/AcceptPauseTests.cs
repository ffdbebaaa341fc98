using Microsoft.Extensions.Logging;
using Proxy.Connections;

namespace Proxy.Core.Tests.Connections;

public sealed class AcceptPauseTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Fail_NoMemoryForTheLog_PausesAndLogsTheNextFailure()
    {
        var log = new FailingLog();
        var pause = new AcceptPause("edge", _time, log);
        var first = pause.FailAsync("no memory");
        Assert.False(first.IsCompleted);
        _time.Advance(AcceptPause.First);
        await first.WaitAsync(Eventually.Limit);

        log.HasMemory = true;
        var second = pause.FailAsync("no memory");

        Assert.Equal(1, log.Written);
        _time.Advance(AcceptPause.First * 2);
        await second.WaitAsync(Eventually.Limit);
    }

    private sealed class FailingLog : ILogger
    {
        public bool HasMemory { get; set; }

        public int Written { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (!HasMemory)
            {
                throw new InsufficientMemoryException();
            }

            Written++;
        }
    }
}
