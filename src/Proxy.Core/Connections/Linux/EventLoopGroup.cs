using Microsoft.Extensions.Logging;
using Proxy.Diagnostics;

namespace Proxy.Connections.Linux;

/// <summary>The loops of the process; their threads start with the first connection.</summary>
internal sealed partial class EventLoopGroup : IEventLoopReport, IDisposable
{
    private const int Slack = 4;
    private readonly Lazy<EventLoop[]> _loops;
    private readonly ProxyMetrics? _metrics;
    private readonly ILogger _logger;
    private int _next = -1;

    /// <param name="threads">How many loops; 0 for one per core.</param>
    /// <param name="metrics">Counts long turns.</param>
    /// <param name="logger">Warns of them.</param>
    public EventLoopGroup(int threads, ProxyMetrics? metrics, ILogger logger)
    {
        _metrics = metrics;
        _logger = logger;
        var count = threads > 0 ? threads : Environment.ProcessorCount;
        _loops = new(() => [.. Enumerable.Range(0, count).Select(index => new EventLoop(index, this))]);
    }

    public IReadOnlyList<EventLoop> Loops => _loops.Value;

    /// <summary>The loop for a connection accepted on this one: another only when that has clearly less to do.</summary>
    public EventLoop Choose(EventLoop own)
    {
        var least = Least();
        return own.Connections > least.Connections + Slack && own.Connections - least.Connections > least.Connections / Slack ? least : own;
    }

    /// <summary>The loop with the fewest connections.</summary>
    public EventLoop Least()
    {
        var loops = _loops.Value;
        var least = loops[0];
        for (var i = 1; i < loops.Length; i++)
        {
            least = loops[i].Connections < least.Connections ? loops[i] : least;
        }

        return least;
    }

    /// <summary>One loop after the other, for what has to stay on one.</summary>
    public EventLoop Next() => _loops.Value[(uint)Interlocked.Increment(ref _next) % (uint)_loops.Value.Length];

    /// <inheritdoc />
    public void Dispose()
    {
        if (_loops.IsValueCreated)
        {
            Array.ForEach(_loops.Value, static loop => loop.Dispose());
        }
    }

    void IEventLoopReport.Failed(EventLoop loop, Exception exception) => Log.Failed(_logger, loop.Index, exception);

    void IEventLoopReport.Held(EventLoop loop, long milliseconds)
    {
        _metrics?.LoopHeld();
        Log.Held(_logger, loop.Index, milliseconds);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Event loop {Loop}: a handler failed.")]
        public static partial void Failed(ILogger logger, int loop, Exception exception);

        [LoggerMessage(LogLevel.Warning, "Event loop {Loop} was held for {Milliseconds} ms; its connections waited.")]
        public static partial void Held(ILogger logger, int loop, long milliseconds);
    }
}
