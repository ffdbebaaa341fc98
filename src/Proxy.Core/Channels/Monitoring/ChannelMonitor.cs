using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Channels;
using Proxy.Timing;

namespace Proxy.Channels.Monitoring;

/// <summary>Collects changes of the channels, debounces them, and publishes them to all sinks and readers.</summary>
internal sealed partial class ChannelMonitor(string boot, Func<string> bindIp, TimeProvider time, ILogger logger)
    : IChannelMonitor,
        IAsyncDisposable
{
    private const int MostErrors = 256;

    private readonly NoticeBook _book = new(boot, bindIp);
    private readonly CancellationTokenSource _ending = new();
    private readonly Signal _set = new();
    private readonly Channel<string> _errors = Channel.CreateBounded<string>(
        new BoundedChannelOptions(MostErrors) { FullMode = BoundedChannelFullMode.DropOldest }
    );
    private volatile DebounceConfig _debounce = new();
    private Task _pumping = Task.CompletedTask;
    private int _disposed;

    public event EventHandler<ChannelReadyEventArgs>? Ready;

    public event EventHandler<ChannelChangedEventArgs>? Changed;

    public event EventHandler<ChannelErrorEventArgs>? Error;

    public event EventHandler? Closed;

    public IReadOnlyDictionary<string, ChannelState> Current => _book.Published;

    public void Start()
    {
        _pumping = PumpAsync(_ending.Token);
        _ = RaiseErrorsAsync();
    }

    /// <summary>Sets the present states; a channel that is missing has ended.</summary>
    public void Set(IReadOnlyCollection<ChannelState> states, DebounceConfig debounce)
    {
        _debounce = debounce;
        _book.Want(states);
        _set.Set();
    }

    /// <summary>Completes when everything that was set before the call has been published.</summary>
    public async Task PublishedAsync(CancellationToken cancellationToken)
    {
        while (_book.WhenPublished() is { } changed)
        {
            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The notices after a version, oldest first, and a task that completes when there are more.</summary>
    public (IReadOnlyList<ChannelNotice> Notices, Task Changed) After(long version) => _book.After(version);

    public void OnReady() => _book.Note(ChannelEvent.Ready);

    public void OnError(string message)
    {
        Log.Trouble(logger, message);
        _errors.Writer.TryWrite(message);
    }

    public void OnClosed() => _book.Note(ChannelEvent.Close);

    /// <summary>Runs the event handlers for a notice. They may block, so the proxy's own work must not wait for them.</summary>
    public void Raise(ChannelNotice notice)
    {
        switch (notice.Event)
        {
            case ChannelEvent.Change:
                Run(() => Changed?.Invoke(this, new ChannelChangedEventArgs(notice.State!)));
                break;
            case ChannelEvent.Ready:
                Run(() => Ready?.Invoke(this, new ChannelReadyEventArgs(bindIp())));
                break;
            default:
                Run(() => Closed?.Invoke(this, EventArgs.Empty));
                break;
        }
    }

    public async IAsyncEnumerable<ChannelState> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var notice in WatchNoticesAsync(0, cancellationToken))
        {
            if (notice.State is { } state)
            {
                yield return state;
            }
        }
    }

    public async IAsyncEnumerable<ChannelNotice> WatchNoticesAsync(long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var start = after;
        var known = new KnownMembers(channel => _book.MembersAt(channel, start));
        while (true)
        {
            var (notices, changed) = _book.After(after);
            if (notices is not [var notice, ..])
            {
                await changed.WaitAsync(cancellationToken);
                continue;
            }

            after = notice.Version;
            yield return known.Compare(notice);
            known.Learn(notice);
            if (notice.Event == ChannelEvent.Close)
            {
                yield break;
            }
        }
    }

    /// <summary>Publishes what is set without a delay, and takes nothing more.</summary>
    public async Task FinishAsync()
    {
        await _ending.CancelAsync();
        await _pumping;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        // The container calls this once per service type that the monitor is registered as.
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await FinishAsync();
            _errors.Writer.TryComplete(); // without waiting, since a handler may hang
            _ending.Dispose();
        }
    }

    private async Task PumpAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await _set.WaitAsync(cancellationToken);
                await GatherAsync(cancellationToken);
                _book.Publish();
            }
        }
        catch (OperationCanceledException)
        {
            _book.Publish();
        }
    }

    private async Task RaiseErrorsAsync()
    {
        await Task.Yield();
        await foreach (var message in _errors.Reader.ReadAllAsync())
        {
            Run(() => Error?.Invoke(this, new ChannelErrorEventArgs(message)));
        }
    }

    // Waits until nothing has changed for the minimum of the debounce, and not longer than its maximum.
    private async Task GatherAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var debounce = _debounce;
        do
        {
            var left = debounce.Max - time.GetElapsedTime(started);
            var pause = debounce.Min < left ? debounce.Min : left;
            await Task.Delay(pause > TimeSpan.Zero ? pause : TimeSpan.Zero, time, cancellationToken); // the pause may be over already
        } while (_set.TryTake() && time.GetElapsedTime(started) < debounce.Max);
    }

    // An exception of a handler must not end the loop.
    private void Run(Action handlers)
    {
        try
        {
            handlers();
        }
        catch (Exception exception)
        {
            Log.HandlerFailed(logger, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Channels: {Message}")]
        public static partial void Trouble(ILogger logger, string message);

        [LoggerMessage(LogLevel.Error, "Channels: an event handler of the application threw an exception; the other handlers still run.")]
        public static partial void HandlerFailed(ILogger logger, Exception exception);
    }
}
