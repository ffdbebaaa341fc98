using Microsoft.Extensions.Logging;
using Proxy.Diagnostics;

namespace Proxy.Connections.Linux;

/// <summary>The loops of the process; their threads start with the first connection.</summary>
internal sealed partial class EventLoopGroup : IEventLoopReport, IDisposable
{
    private const int Slack = 4;
    private readonly Lazy<EventLoop[]> _loops;
    private readonly ProxyMetrics? _metrics;
    private static readonly TimeSpan _watchPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _quiet = TimeSpan.FromSeconds(10);
    private readonly Lock _gate = new(); // guards _warned and _unwarned
    private readonly TimeProvider _time;
    private long? _warned;
    private int _unwarned;
    private readonly ILogger _logger;
    private readonly ITimer _watch;
    private int _next = -1;

    /// <param name="threads">How many loops; 0 for one per core.</param>
    /// <param name="metrics">Counts long turns.</param>
    /// <param name="logger">Warns of them.</param>
    /// <param name="time">The clock by which loops are watched; the system's unless given.</param>
    public EventLoopGroup(int threads, ProxyMetrics? metrics, ILogger logger, TimeProvider? time = null)
    {
        _metrics = metrics;
        _logger = logger;
        var count = threads > 0 ? threads : Environment.ProcessorCount;
        _loops = new(() => [.. Enumerable.Range(0, count).Select(index => new EventLoop(index, this))]);
        _time = time ?? TimeProvider.System;
        _watch = _time.CreateTimer(static group => ((EventLoopGroup)group!).Watch(), this, _watchPeriod, _watchPeriod);
    }

    public IReadOnlyList<EventLoop> Loops => _loops.Value;

    /// <summary>How they are; none before the first connection.</summary>
    public IReadOnlyList<EventLoopStatus> Status() => _loops.IsValueCreated ? [.. _loops.Value.Select(Describe)] : [];

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
        _watch.Dispose();
        if (_loops.IsValueCreated)
        {
            Array.ForEach(_loops.Value, static loop => loop.Dispose());
        }
    }

    private static EventLoopStatus Describe(EventLoop loop)
    {
        var began = loop.TurnBegan;
        var turn = began == 0 ? 0 : Math.Max(0, Environment.TickCount64 - began);
        return new(loop.Index, loop.Connections, loop.HeldTurns, TimeSpan.FromMilliseconds(turn));
    }

    private void Watch()
    {
        if (_loops.IsValueCreated)
        {
            Array.ForEach(_loops.Value, static loop => loop.Watch());
        }
    }

    void IEventLoopReport.Failed(EventLoop loop, Exception exception) => Log.Failed(_logger, loop.Index, exception);

    void IEventLoopReport.Held(EventLoop loop, long milliseconds)
    {
        _metrics?.LoopHeld();
        if (MayWarn(out var others))
        {
            Log.Held(_logger, loop.Index, milliseconds, others);
        }
    }

    // On a machine that is too busy for a while it would be a line for every turn.
    private bool MayWarn(out int others)
    {
        lock (_gate)
        {
            others = _unwarned;
            if (_warned is { } warned && _time.GetElapsedTime(warned) < _quiet)
            {
                _unwarned++;
                return false;
            }

            _warned = _time.GetTimestamp();
            _unwarned = 0;
            return true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Event loop {Loop}: a handler failed.")]
        public static partial void Failed(ILogger logger, int loop, Exception exception);

        [LoggerMessage(
            LogLevel.Warning,
            "Event loop {Loop} has been held for {Milliseconds} ms; its connections wait. So were {Others} turns since this was said last."
        )]
        public static partial void Held(ILogger logger, int loop, long milliseconds, int others);
    }
}
