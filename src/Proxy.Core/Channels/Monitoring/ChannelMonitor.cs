using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Channels;
using Proxy.Timing;

namespace Proxy.Channels.Monitoring;

/// <summary>Gathers changes, and tells them to all that watch.</summary>
internal sealed partial class ChannelMonitor(string boot, string bindIp, TimeProvider time, ILogger logger)
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

    public IReadOnlyDictionary<string, ChannelState> Current => _book.Told;

    public void Start()
    {
        _pumping = PumpAsync(_ending.Token);
        _ = RaiseErrorsAsync();
    }

    /// <summary>Takes the states as they are now; a channel that is not among them has ended.</summary>
    public void Set(IReadOnlyCollection<ChannelState> states, DebounceConfig debounce)
    {
        _debounce = debounce;
        _book.Want(states);
        _set.Set();
    }

    /// <summary>Completes when everything set so far is told.</summary>
    public async Task ToldAsync(CancellationToken cancellationToken)
    {
        while (_book.Untold() is { } changed)
        {
            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>What a sink has not heard of yet, the oldest first, and what completes when there is more.</summary>
    public (IReadOnlyList<ChannelNotice> Notices, Task Changed) After(long version) => _book.After(version);

    public void OnReady() => _book.Note(ChannelEvent.Ready);

    public void OnError(string message)
    {
        Log.Trouble(logger, message);
        _errors.Writer.TryWrite(message);
    }

    public void OnClosed() => _book.Note(ChannelEvent.Close);

    /// <summary>Runs the handlers of what a notice tells. They may block, so nothing of ours may wait for them.</summary>
    public void Raise(ChannelNotice notice)
    {
        switch (notice.Event)
        {
            case ChannelEvent.Change:
                Run(() => Changed?.Invoke(this, new ChannelChangedEventArgs(notice.State!)));
                break;
            case ChannelEvent.Ready:
                Run(() => Ready?.Invoke(this, new ChannelReadyEventArgs(bindIp)));
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
        while (true)
        {
            var (notices, changed) = _book.After(after);
            if (notices is not [var notice, ..])
            {
                await changed.WaitAsync(cancellationToken);
                continue;
            }

            after = notice.Version;
            yield return notice;
            if (notice.Event == ChannelEvent.Close)
            {
                yield break;
            }
        }
    }

    /// <summary>Tells what is set, at once, and gathers no more.</summary>
    public async Task FinishAsync()
    {
        await _ending.CancelAsync();
        await _pumping;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        // A container disposes it as each of the services that it is registered for.
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await FinishAsync();
            _errors.Writer.TryComplete(); // a handler that hangs is not waited for
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
                _book.Tell();
            }
        }
        catch (OperationCanceledException)
        {
            _book.Tell();
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

    // Until nothing has changed for a while, and not for ever.
    private async Task GatherAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var debounce = _debounce;
        do
        {
            var left = debounce.Max - time.GetElapsedTime(started);
            var pause = debounce.Min < left ? debounce.Min : left;
            await Task.Delay(pause > TimeSpan.Zero ? pause : TimeSpan.Zero, time, cancellationToken); // it may have run out just now
        } while (_set.TryTake() && time.GetElapsedTime(started) < debounce.Max);
    }

    // A handler's mistake is not ours.
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

        [LoggerMessage(LogLevel.Error, "Channels: a handler of an event failed.")]
        public static partial void HandlerFailed(ILogger logger, Exception exception);
    }
}
