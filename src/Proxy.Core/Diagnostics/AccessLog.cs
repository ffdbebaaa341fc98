using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Proxy.Diagnostics;

/// <summary>
/// One line per ended connection; if asked for, one at its start and some in between. Never blocks a connection: lines beyond a
/// bounded queue are dropped and counted.
/// </summary>
public sealed partial class AccessLog : IAsyncDisposable, IDisposable
{
    private static readonly TimeSpan _closeLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _quiet = TimeSpan.FromMinutes(1);
    private readonly AccessLogQueue _queue = new();
    private readonly AccessLogWriter? _writer;
    private readonly AccessLogProgress? _progress;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private volatile AccessLogOptions _options;
    private long _warned = long.MinValue;

    /// <summary>Starts the writer of an application's own output.</summary>
    /// <param name="output">Where lines go; null writes none. Disposed with this object.</param>
    /// <param name="json">JSON lines, or text.</param>
    /// <param name="time">The clock of the lines, by which closing is given up too; the system's unless given.</param>
    [SuppressMessage("ApiDesign", "RS0027", Justification = "The other constructor has other parameters, not more of the same.")]
    public AccessLog(TextWriter? output, bool json = true, TimeProvider? time = null)
        : this(output is null ? null : new TextWriterOutput(output), new() { Json = json }, tracker: null, time, logger: null) { }

    /// <summary>Starts the writer.</summary>
    /// <param name="output">Where lines go; null writes none. Disposed with this object.</param>
    /// <param name="options">What is written.</param>
    /// <param name="tracker">The open connections, which have a line every interval; without it they have none.</param>
    /// <param name="time">The clock of the lines, by which closing is given up too; the system's unless given.</param>
    /// <param name="logger">Told what goes wrong.</param>
    public AccessLog(
        IAccessLogOutput? output,
        AccessLogOptions options,
        ConnectionTracker? tracker,
        TimeProvider? time,
        ILogger<AccessLog>? logger
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<AccessLog>.Instance;
        _writer = output is null ? null : new(_queue, output, () => _options.Json, _time, _logger);
        _progress = tracker is null || output is null ? null : new(tracker, record => Add(record, AccessLogEvent.Progress), _time);
        _progress?.Use(options.Interval);
    }

    /// <summary>Lines lost because the output was too slow or failed.</summary>
    public long Dropped => _queue.Dropped;

    /// <summary>Applies an edit.</summary>
    /// <param name="options">What is written from now on.</param>
    /// <param name="output">Where; null leaves it as it is. Disposed with this object, as the one before is now.</param>
    public void Use(AccessLogOptions options, IAccessLogOutput? output)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _progress?.Use(options.Interval);
        if (output is not null)
        {
            _writer?.Use(output);
        }
    }

    /// <summary>Opens the output anew, as after a rotation by others.</summary>
    public void Reopen() => _writer?.Reopen();

    /// <summary>Queues the line of a connection whose route was chosen, where such lines are wanted.</summary>
    /// <param name="record">Its record.</param>
    public void Started(ConnectionRecord record)
    {
        if (_options.Start)
        {
            Add(record, AccessLogEvent.Start);
        }
    }

    /// <summary>Queues the line of an ended connection.</summary>
    /// <param name="record">Its record.</param>
    public void Write(ConnectionRecord record) => Add(record, AccessLogEvent.End);

    /// <summary>Writes what is queued, and closes the output; gives up after seconds on an output that is not read.</summary>
    /// <returns>A task that completes then.</returns>
    public async ValueTask DisposeAsync()
    {
        _progress?.Dispose();
        if (_writer is null)
        {
            return;
        }

        _writer.Close();
        try
        {
            await _writer.Ended.WaitAsync(_closeLimit, _time);
        }
        catch (TimeoutException)
        {
            // A full pipe: the process has to end all the same. The writer stays where it is, on a thread that ends with it.
            _writer.GiveUp();
        }
    }

    /// <summary>The same, for containers that dispose synchronously.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private void Add(ConnectionRecord record, AccessLogEvent @event)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (_writer is null || !record.AccessLog)
        {
            return;
        }

        var line = AccessLogLine.Of(record, @event, _time.GetUtcNow(), _options.Json);
        if (!_queue.TryAdd(line, record, isLast: @event == AccessLogEvent.End))
        {
            WarnOfDrops();
        }
    }

    // By the pool: this thread carries connections.
    private void WarnOfDrops()
    {
        var now = _time.GetTimestamp();
        var warned = Volatile.Read(ref _warned);
        var isQuiet = warned != long.MinValue && _time.GetElapsedTime(warned, now) < _quiet;
        if (!isQuiet && Interlocked.CompareExchange(ref _warned, now, warned) == warned)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static log => Log.Dropping(log._logger, log.Dropped), this, preferLocal: false);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "The access log is not written as fast as its lines come; they are dropped, {Dropped} since the start. Connections do not wait."
        )]
        public static partial void Dropping(ILogger logger, long dropped);
    }
}
