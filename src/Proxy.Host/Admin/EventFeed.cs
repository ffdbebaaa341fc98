namespace Proxy.Host.Admin;

/// <summary>
/// One frame a second for all readers, made once, and only while there are readers. A reader that is slow takes the newest when it is
/// ready again: nothing is queued for a reader. One reader too many ends the longest-connected, since readers that do not read
/// would keep all others out.
/// </summary>
/// <param name="read">Makes a frame.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For frames that could not be made.</param>
internal sealed partial class EventFeed(Func<ReadOnlyMemory<byte>> read, TimeProvider time, ILogger<EventFeed> logger) : IDisposable
{
    public const int MaxReaders = 64;

    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new(); // guards _readers, _timer and _next
    private readonly LinkedList<CancellationTokenSource> _readers = [];
    private ITimer? _timer;
    private TaskCompletionSource<ReadOnlyMemory<byte>> _next = Create();
    private int _reading;

    /// <summary>Joins; the caller has to leave again.</summary>
    /// <param name="ending">Is cancelled when others need the place.</param>
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

    private static void End(CancellationTokenSource? oldest)
    {
        try
        {
            oldest?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just left.
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
