namespace Proxy.Host.Admin;

/// <summary>
/// One frame a second for all readers, made once, and only while somebody reads. A reader that is slow takes the newest when it is
/// ready again: nothing is queued for anybody.
/// </summary>
/// <param name="read">Makes a frame.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For frames that could not be made.</param>
internal sealed partial class EventFeed(Func<ReadOnlyMemory<byte>> read, TimeProvider time, ILogger<EventFeed> logger) : IDisposable
{
    public const int MaxReaders = 64;

    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new(); // guards _readers, _timer and _next
    private int _readers;
    private ITimer? _timer;
    private TaskCompletionSource<ReadOnlyMemory<byte>> _next = Create();
    private int _reading;

    /// <summary>Joins, unless too many have; who joined has to leave.</summary>
    public bool TryJoin()
    {
        lock (_gate)
        {
            if (_readers == MaxReaders)
            {
                return false;
            }

            _readers++;
            _timer ??= time.CreateTimer(Publish, null, TimeSpan.Zero, _interval);
            return true;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            if (--_readers == 0)
            {
                Dispose();
            }
        }
    }

    /// <summary>The next frame that is made.</summary>
    public Task<ReadOnlyMemory<byte>> NextAsync()
    {
        lock (_gate)
        {
            return _next.Task;
        }
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _timer = null;
    }

    private void Publish(object? state)
    {
        if (Interlocked.Exchange(ref _reading, 1) == 1)
        {
            return; // the one before takes longer than a second
        }

        try
        {
            var frame = read();
            TaskCompletionSource<ReadOnlyMemory<byte>> waiting;
            lock (_gate)
            {
                (waiting, _next) = (_next, Create());
            }

            waiting.SetResult(frame);
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception); // a timer's exception would end the program
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }
    }

    // Readers write on threads of their own, not on the timer's.
    private static TaskCompletionSource<ReadOnlyMemory<byte>> Create() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A snapshot for the dashboard could not be made.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
