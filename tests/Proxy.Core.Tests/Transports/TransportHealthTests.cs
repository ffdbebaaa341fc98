using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Timing;
using Proxy.Transports;

namespace Proxy.Core.Tests.Transports;

public sealed class TransportHealthTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly ProxyMeter _meter;
    private readonly ProxyMetrics _metrics;
    private readonly Transport _transport;

    public TransportHealthTests()
    {
        _meter = new ProxyMeter(_services.GetRequiredService<IMeterFactory>());
        _metrics = new ProxyMetrics(_meter, new ConnectionTracker());
        _transport = new Transport(
            new TransportOptions { Threads = 2 },
            new BufferPool(),
            _clock,
            TimeProvider.System,
            _metrics,
            NullLogger<Transport>.Instance
        );
    }

    [Fact]
    public Task AnswerAsync_NoLoopYet_Answers() => new TransportHealth(_transport).AnswerAsync().WaitAsync(Eventually.Limit);

    [Fact]
    public async Task AnswerAsync_OneLoopIsHeld_NotBeforeItIsFree()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await using var listener = await _transport.Listeners.BindAsync(new ListenEndPoint(new IPEndPoint(IPAddress.Loopback, 0)));
        var health = new TransportHealth(_transport);
        Assert.Equal(2, _transport.Loops.Count);
        using var held = new Held();
        _transport.Loops[1].Post(held);
        await held.Began.WaitAsync(Eventually.Limit);

        var answer = health.AnswerAsync();
        // The other loop and the pool have had their turn.
        var others = new Turn();
        _transport.Loops[0].Post(others);
        await others.Done.WaitAsync(Eventually.Limit);
        Assert.False(answer.IsCompleted);

        held.Dispose();
        await answer.WaitAsync(Eventually.Limit);
    }

    public void Dispose()
    {
        _transport.Dispose();
        _metrics.Dispose();
        _meter.Dispose();
        _clock.Dispose();
        _services.Dispose();
    }

    private sealed class Turn : IThreadPoolWorkItem
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Done => _done.Task;

        public void Execute() => _done.TrySetResult();
    }

    private sealed class Held : IThreadPoolWorkItem, IDisposable
    {
        private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _free = new();

        public Task Began => _began.Task;

        public void Execute()
        {
            _began.TrySetResult();
            _free.Task.GetAwaiter().GetResult();
        }

        public void Dispose() => _free.TrySetResult();
    }
}
