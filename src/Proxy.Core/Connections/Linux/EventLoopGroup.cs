using Microsoft.Extensions.Logging;
using Proxy.Diagnostics;

namespace Proxy.Connections.Linux;

/// <summary>The event loops of the process. Their threads start with the first connection.</summary>
internal sealed partial class EventLoopGroup : IEventLoopReport, IDisposable
{
    private const int Slack = 4;
    private readonly Lazy<EventLoop[]> _loops;
    private readonly ProxyMetrics? _metrics;
    private static readonly TimeSpan _watchPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _quiet = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new(); // guards _warned, _unwarned and _longest
    private readonly TimeProvider _time;
    private long? _warned;
    private int _unwarned;
    private long _longest;
    private readonly ILogger _logger;
    private readonly ITimer _watch;
    private int _isWatching; // 1 while the timer is set or its callback runs
    private int _next = -1;

    /// <param name="threads">The number of loops; 0 for one per core.</param>
    /// <param name="metrics">Counts long turns; null counts none.</param>
    /// <param name="logger">Logs warnings about long turns.</param>
    /// <param name="time">The clock that measures turns; null for the system's.</param>
    public EventLoopGroup(int threads, ProxyMetrics? metrics, ILogger logger, TimeProvider? time = null)
    {
        _metrics = metrics;
        _logger = logger;
        var count = threads > 0 ? threads : Environment.ProcessorCount;
        _loops = new(() => [.. Enumerable.Range(0, count).Select(index => new EventLoop(index, this))]);
        _time = time ?? TimeProvider.System;
        _watch = _time.CreateTimer(
            static group => ((EventLoopGroup)group!).Watch(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
    }

    public IReadOnlyList<EventLoop> Loops => _loops.Value;

    /// <summary>The loops, once their threads have started; otherwise empty.</summary>
    public IReadOnlyList<EventLoop> Running => _loops.IsValueCreated ? _loops.Value : [];

    /// <summary>The status of each loop; empty before the first connection.</summary>
    public IReadOnlyList<EventLoopStatus> Status() => [.. Running.Select(Describe)];

    /// <summary>Chooses the loop for a connection accepted on this one; another one only if that has clearly fewer connections.</summary>
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

    /// <summary>The loops in turn, for work that has to stay on one loop.</summary>
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

    // Loops are watched while they have turns: an idle process has no timer.
    private void Watch()
    {
        foreach (var loop in Running)
        {
            loop.Watch();
        }

        if (IsTurning())
        {
            _watch.Change(_watchPeriod, Timeout.InfiniteTimeSpan);
            return;
        }

        // A loop tells first that its turn has begun, and then reads whether it is watched, without a fence in each turn: the fence for all is here.
        Volatile.Write(ref _isWatching, 0);
        Interlocked.MemoryBarrierProcessWide();
        if (IsTurning())
        {
            StartWatch();
        }
    }

    private bool IsTurning()
    {
        foreach (var loop in Running)
        {
            if (loop.TurnBegan != 0)
            {
                return true;
            }
        }

        return false;
    }

    private void StartWatch()
    {
        if (Interlocked.Exchange(ref _isWatching, 1) != 0)
        {
            return;
        }

        foreach (var loop in Running)
        {
            loop.NoteWaits();
        }

        _watch.Change(_watchPeriod, Timeout.InfiniteTimeSpan);
    }

    void IEventLoopReport.Began(EventLoop loop)
    {
        if (Volatile.Read(ref _isWatching) == 0)
        {
            StartWatch();
        }
    }

    void IEventLoopReport.Failed(EventLoop loop, Exception exception) => Log.Failed(_logger, loop.Index, exception);

    void IEventLoopReport.Held(EventLoop loop, HeldTurn turn)
    {
        _metrics?.LoopHeld();
        if (!MayWarn(turn, out var others, out var longest))
        {
            return;
        }

        if (others == 0)
        {
            Log.Held(_logger, loop.Index, loop.Connections, turn.Milliseconds, turn.Cause);
        }
        else
        {
            Log.HeldAgain(_logger, loop.Index, loop.Connections, turn.Milliseconds, turn.Cause, others, longest);
        }
    }

    // An overloaded machine would cause a line for every turn, so warnings are limited.
    private bool MayWarn(HeldTurn turn, out int others, out long longest)
    {
        lock (_gate)
        {
            (others, longest) = (_unwarned, _longest);
            if (_warned is { } warned && _time.GetElapsedTime(warned) < _quiet)
            {
                _unwarned++;
                _longest = Math.Max(_longest, turn.Milliseconds);
                return false;
            }

            _warned = _time.GetTimestamp();
            (_unwarned, _longest) = (0, 0);
            return true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Event loop {Loop}: a handler threw an exception; the loop continues with its other connections.")]
        public static partial void Failed(ILogger logger, int loop, Exception exception);

        [LoggerMessage(LogLevel.Warning, "Connections of event loop {Loop} ({Connections}) had to wait {Milliseconds} ms: {Cause}.")]
        public static partial void Held(ILogger logger, int loop, int connections, long milliseconds, string cause);

        [LoggerMessage(
            LogLevel.Warning,
            "Connections of event loop {Loop} ({Connections}) had to wait {Milliseconds} ms: {Cause}. Since the last such line connections waited {Others} more times, at most {Longest} ms."
        )]
        public static partial void HeldAgain(
            ILogger logger,
            int loop,
            int connections,
            long milliseconds,
            string cause,
            int others,
            long longest
        );
    }
}
