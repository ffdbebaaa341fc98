using Microsoft.Extensions.Logging;

namespace Proxy.Diagnostics;

/// <summary>
/// The thread that writes the access log. An output that fails is tried again until it works; the queue limits the lines that wait
/// meanwhile. An output that blocks delays only this thread.
/// </summary>
internal sealed partial class AccessLogWriter
{
    // A write and a wake-up cost more than a line does: a busy log is written so often, a quiet one at once.
    private static readonly TimeSpan _gathering = TimeSpan.FromMilliseconds(20);
    private const int Enough = 256 << 10;

    private static readonly TimeSpan _soon = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _later = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _quiet = TimeSpan.FromMinutes(1);

    private readonly AccessLogQueue _queue;
    private readonly Func<bool> _json;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IAccessLogOutput _output;
    private IAccessLogOutput? _next;
    private volatile bool _closing;
    private volatile bool _givenUp;
    private long? _warned;
    private bool _failing;

    public AccessLogWriter(AccessLogQueue queue, IAccessLogOutput output, Func<bool> json, TimeProvider time, ILogger logger)
    {
        _queue = queue;
        _output = output;
        _json = json;
        _time = time;
        _logger = logger;
        new Thread(Run) { IsBackground = true, Name = "proxy-access-log" }.UnsafeStart();
    }

    /// <summary>Completes when the thread has ended and the output is closed.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Writes to another output from the next batch on; the earlier one is closed.</summary>
    public void SwitchTo(IAccessLogOutput output)
    {
        Interlocked.Exchange(ref _next, output)?.Dispose();
        _queue.Wake();
    }

    public void Reopen()
    {
        (Volatile.Read(ref _next) ?? Volatile.Read(ref _output)).Reopen();
        _queue.Wake();
    }

    /// <summary>Writes the queued lines, and ends.</summary>
    public void Close()
    {
        _closing = true;
        _queue.Wake();
    }

    /// <summary>Ends as soon as the output does not block any more.</summary>
    public void GiveUp()
    {
        _givenUp = true;
        _queue.Wake();
    }

    private void Run()
    {
        try
        {
            do
            {
                SwitchOutput();
            } while (WriteQueued());
        }
        catch (Exception exception)
        {
            // An application's own writer may throw any exception. Connections continue, and their lines are counted as lost.
            Log.Ended(_logger, exception);
        }

        // Lines that were given up, or were added too late.
        _queue.Drop(_queue.Take(out _).Span.Count((byte)'\n'));
        if (_queue.Dropped is var lost and > 0)
        {
            Log.Lost(_logger, lost);
        }

        // Here and not where the log is disposed, since closing may block as writing does.
        Interlocked.Exchange(ref _next, null)?.Dispose();
        _output.Dispose();
        _ended.TrySetResult();
    }

    /// <summary>Writes the queued lines, or waits for more; false at the end.</summary>
    private bool WriteQueued()
    {
        var lines = _queue.Take(out var dropped);
        if (lines.IsEmpty && dropped == 0)
        {
            if (_closing)
            {
                return false;
            }

            _queue.Wait(bytes: 1, Timeout.InfiniteTimeSpan);
            return true;
        }

        if (!Write(lines) || (dropped > 0 && !Write(AccessLogLine.OfDropped(dropped, _time.GetUtcNow(), _json()).ToArray())))
        {
            return false;
        }

        _queue.Wait(Enough, _gathering);
        return true;
    }

    /// <summary>Writes all bytes, however long that takes; false if they were given up.</summary>
    private bool Write(ReadOnlyMemory<byte> lines)
    {
        var written = 0;
        while (written < lines.Length)
        {
            var before = written;
            TryWrite(lines.Span, ref written);
            if (written > before)
            {
                continue;
            }

            if (_givenUp || (_closing && _failing))
            {
                _queue.Drop(lines.Span[written..].Count((byte)'\n'));
                return false;
            }

            _queue.Wait(bytes: null, _failing ? _later : _soon);
            SwitchOutput();
        }

        return true;
    }

    private void TryWrite(ReadOnlySpan<byte> lines, ref int written)
    {
        try
        {
            if (_output.Open())
            {
                // The new output gets the whole line, of which the earlier one has only a part.
                written = lines[..written].LastIndexOf((byte)'\n') + 1;
            }

            var count = _output.Write(lines[written..]);
            written += count;
            if (count > 0 && _failing)
            {
                _failing = false;
                Log.Back(_logger, _queue.Dropped);
            }
        }
        catch (IOException exception)
        {
            _failing = true;
            if (_warned is not { } warned || _time.GetElapsedTime(warned) >= _quiet)
            {
                _warned = _time.GetTimestamp();
                Log.Failing(_logger, exception.Message);
            }
        }
    }

    private void SwitchOutput()
    {
        if (Interlocked.Exchange(ref _next, null) is { } next)
        {
            _output.Dispose();
            Volatile.Write(ref _output, next);
            _warned = null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "The access log cannot be written: {Reason} It is tried again; lines are queued meanwhile, and dropped when the queue is full."
        )]
        public static partial void Failing(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Warning, "{Lost} lines of the access log are lost, counted since the start.")]
        public static partial void Lost(ILogger logger, long lost);

        [LoggerMessage(LogLevel.Information, "The access log is written again; {Dropped} lines were lost since the start.")]
        public static partial void Back(ILogger logger, long dropped);

        [LoggerMessage(
            LogLevel.Error,
            "The access log has failed and is not written any more; connections continue, and their lines are lost until the program is restarted."
        )]
        public static partial void Ended(ILogger logger, Exception exception);
    }
}
