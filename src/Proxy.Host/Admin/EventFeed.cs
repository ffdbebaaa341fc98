namespace Proxy.Host.Admin;

/// <summary>
/// Creates one frame per second, shared by all readers, while there are readers. Nothing is queued: a slow reader skips frames and
/// continues with the next one. A reader above the limit replaces the one that has been connected longest; otherwise readers that
/// never read could keep all others out.
/// </summary>
/// <param name="read">Creates a frame.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs frames that could not be created.</param>
internal sealed partial class EventFeed(Func<ReadOnlyMemory<byte>> read, TimeProvider time, ILogger<EventFeed> logger) : IDisposable
{
    public const int MaxReaders = 64;

    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new(); // guards _readers, _timer and _next
    private readonly LinkedList<CancellationTokenSource> _readers = [];
    private ITimer? _timer;
    private TaskCompletionSource<ReadOnlyMemory<byte>> _next = Create();
    private int _reading;

    /// <summary>Adds a reader; the caller must call <see cref="Leave"/> when it ends.</summary>
    /// <param name="ending">Is cancelled when a new reader replaces this one.</param>
    public LinkedListNode<CancellationTokenSource> Join(CancellationTokenSource ending)
    {
        CancellationTokenSource? oldest = null;
        LinkedListNode<CancellationTokenSource> place;
        lock (_gate)
        {
            if (_readers.Count == MaxReaders)
            {
                oldest = _readers.First!.Value;
                _readers.RemoveFirst();
            }

            place = _readers.AddLast(ending);
            _timer ??= time.CreateTimer(Publish, null, TimeSpan.Zero, _interval);
        }

        End(oldest);
        return place;
    }

    public void Leave(LinkedListNode<CancellationTokenSource> place)
    {
        lock (_gate)
        {
            if (place.List == _readers)
            {
                _readers.Remove(place);
            }

            if (_readers.Count == 0)
            {
                Dispose();
            }
        }
    }

    /// <summary>The next frame.</summary>
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
            return; // the previous frame has taken longer than a second
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
            Log.Failed(logger, exception); // an exception in a timer callback would end the process
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }
    }

    private static void End(CancellationTokenSource? oldest)
    {
        try
        {
            oldest?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The reader has just ended.
        }
    }

    // Readers must not write to their sockets on the timer's thread.
    private static TaskCompletionSource<ReadOnlyMemory<byte>> Create() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Error,
            "The snapshot for /api/events failed; readers get the next one in a second. Please report this error."
        )]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
