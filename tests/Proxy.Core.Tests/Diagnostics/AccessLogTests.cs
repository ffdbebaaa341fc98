using System.Text;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

public sealed class AccessLogTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Dispose_OutputNotRead_GivenUpAfterSeconds()
    {
        using var output = new FullPipe();
        var log = new AccessLog(output, time: _time);
        log.Write(Record());
        await output.Entered.WaitAsync(Eventually.Limit);

        // The time moves however closing waits; only a wait without a limit outlasts it.
        var closing = Task.Run(() => log.DisposeAsync().AsTask());
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return closing.IsCompleted;
        });

        await closing;
        Assert.False(output.Closed);
    }

    [Fact]
    public async Task Dispose_LinesQueued_WrittenAndClosed()
    {
        using var output = new StringWriter();
        await using (var log = new AccessLog(output, time: _time))
        {
            log.Write(Record());
            log.Write(Record());
        }

        Assert.Equal(2, output.ToString().Split(output.NewLine, StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Throws<ObjectDisposedException>(() => output.Write('x'));
    }

    private ConnectionRecord Record() => new(new FakeConnection(), "endpoint", "", _time);

    /// <summary>Blocks the thread that writes, as a pipe does.</summary>
    private sealed class FullPipe : TextWriter
    {
        private readonly TaskCompletionSource _read = new();
        private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Entered => _entered.Task;

        public bool Closed { get; private set; }

        public override Encoding Encoding => Encoding.UTF8;

        public override Task WriteLineAsync(string? value)
        {
            _entered.TrySetResult();
            _read.Task.GetAwaiter().GetResult();
            return Task.CompletedTask;
        }

        protected override void Dispose(bool disposing)
        {
            Closed = true;
            _read.TrySetResult();
            base.Dispose(disposing);
        }
    }
}
