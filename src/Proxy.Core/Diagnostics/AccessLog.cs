using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Proxy.Diagnostics;

/// <summary>
/// Writes one line per ended connection and, if configured, one at its start and some in between, and one line per ended HTTP request. Never blocks a
/// connection: lines beyond a bounded queue are dropped and counted.
/// </summary>
public sealed partial class AccessLog : IAsyncDisposable, IDisposable
{
    private static readonly TimeSpan _closeLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _quiet = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _lately = TimeSpan.FromMinutes(5);
    private readonly FailureRun _lost;
    private readonly AccessLogQueue _queue;
    private readonly AccessLogWriter? _writer;
    private readonly AccessLogProgress? _progress;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private volatile AccessLogOptions _options;
    private long _warned = long.MinValue;

    /// <summary>Starts writing to the output of an application.</summary>
    /// <param name="output">The output; null writes nothing. Disposed with this object.</param>
    /// <param name="json">Whether to write JSON lines rather than text.</param>
    /// <param name="time">The clock for times of lines and for the time limit of closing; null for the system's.</param>
    [SuppressMessage("ApiDesign", "RS0027", Justification = "The other constructor has other parameters, not more of the same.")]
    public AccessLog(TextWriter? output, bool json = true, TimeProvider? time = null)
        : this(output is null ? null : new TextWriterOutput(output), new() { Json = json }, tracker: null, time, logger: null) { }

    /// <summary>Starts writing.</summary>
    /// <param name="output">The output; null writes nothing. Disposed with this object.</param>
    /// <param name="options">Which lines are written, and how.</param>
    /// <param name="tracker">The open connections, for lines in between; null for no such lines.</param>
    /// <param name="time">The clock for times of lines and for the time limit of closing; null for the system's.</param>
    /// <param name="logger">Logs problems of the output.</param>
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
        _lost = new(_time, _lately);
        _queue = new(_lost);
        _logger = logger ?? NullLogger<AccessLog>.Instance;
        _writer = output is null ? null : new(_queue, output, () => _options.Json, _time, _logger);
        _progress = tracker is null || output is null ? null : new(tracker, record => Add(record, AccessLogEvent.Progress), _time);
        _progress?.SetInterval(options.Interval);
    }

    /// <summary>The number of lines that were lost because the output was too slow or failed.</summary>
    public long Dropped => _queue.Dropped;

    /// <summary>The lines that were lost lately: up to the last five minutes without a loss. Null if there are none.</summary>
    public Failures? Lost => _lost.Current;

    /// <summary>Applies an edit.</summary>
    /// <param name="options">The new options.</param>
    /// <param name="output">The new output; null keeps the present one. Disposed with this object; the earlier one is disposed now.</param>
    public void Apply(AccessLogOptions options, IAccessLogOutput? output)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _progress?.SetInterval(options.Interval);
        if (output is not null)
        {
            _writer?.SwitchTo(output);
        }
    }

    /// <summary>Opens the output again, for example after another program has rotated it.</summary>
    public void Reopen() => _writer?.Reopen();

    /// <summary>Queues the line for a connection whose route was chosen, if such lines are configured.</summary>
    /// <param name="record">The record of the connection.</param>
    public void Started(ConnectionRecord record)
    {
        if (_options.Start)
        {
            Add(record, AccessLogEvent.Start);
        }
    }

    /// <summary>Queues the line for an ended connection.</summary>
    /// <param name="record">The record of the connection.</param>
    public void Write(ConnectionRecord record) => Add(record, AccessLogEvent.End);

    /// <summary>Queues the line for an HTTP request that has ended.</summary>
    /// <param name="request">The record of the request.</param>
    public void Write(RequestRecord request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (_writer is null || !request.AccessLog)
        {
            return;
        }

        if (!_queue.TryAdd(AccessLogLine.Of(request, _time.GetUtcNow(), _options.Json), record: null, isLast: true))
        {
            WarnOfDrops();
        }
    }

    /// <summary>Writes the queued lines and closes the output, unless that takes longer than some seconds.</summary>
    /// <returns>A task that completes when the output is closed or the time is over.</returns>
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
            // Nothing reads the output, and the process has to end nevertheless. The writer's thread ends with the process.
            _writer.GiveUp();
        }
    }

    /// <summary>Does the same as <see cref="DisposeAsync"/>, for containers that dispose synchronously.</summary>
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

    // On the thread pool, since this thread carries connections.
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
            "The access log cannot be written as fast as lines are added, so lines are dropped, {Dropped} since the start; connections are not delayed. Look for a slow disk or reader."
        )]
        public static partial void Dropping(ILogger logger, long dropped);
    }
}
