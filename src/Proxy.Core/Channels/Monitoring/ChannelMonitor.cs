using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Proxy.Configuration;

namespace Proxy.Channels.Monitoring;

/// <summary>Gathers changes, gives those that say something new a version, and tells them.</summary>
internal sealed partial class ChannelMonitor(string boot, string bindIp, TimeProvider time, ILogger logger)
    : IChannelMonitor,
        IAsyncDisposable
{
    private const int MostEnded = 1024;
    private const int MostErrors = 256;

    private readonly Lock _gate = new(); // guards _wanted, _told, _ended, _events, _version and _changed
    private readonly Dictionary<string, ChannelState> _wanted = new(StringComparer.OrdinalIgnoreCase);
    private readonly CancellationTokenSource _ending = new();
    private readonly SemaphoreSlim _signal = new(0, 1);
    private ImmutableDictionary<string, ChannelState> _told = ImmutableDictionary.Create<string, ChannelState>(
        StringComparer.OrdinalIgnoreCase
    );
    private readonly Dictionary<string, ChannelState> _ended = new(StringComparer.OrdinalIgnoreCase); // whoever missed the end hears of it
    private readonly List<ChannelNotice> _events = []; // ready and close
    private readonly Channel<string> _errors = Channel.CreateBounded<string>(
        new BoundedChannelOptions(MostErrors) { FullMode = BoundedChannelFullMode.DropOldest }
    );
    private TaskCompletionSource _changed = NewSignal();
    private volatile DebounceConfig _debounce = new();
    private long _version;
    private Task _pumping = Task.CompletedTask;

    public event EventHandler<ChannelReadyEventArgs>? Ready;

    public event EventHandler<ChannelChangedEventArgs>? Changed;

    public event EventHandler<ChannelErrorEventArgs>? Error;

    public event EventHandler? Closed;

    public IReadOnlyDictionary<string, ChannelState> Current => Volatile.Read(ref _told);

    public void Start()
    {
        _pumping = PumpAsync(_ending.Token);
        _ = RaiseErrorsAsync();
    }

    /// <summary>Says how the channels are now; what is not among them has ended.</summary>
    public void Set(IReadOnlyCollection<ChannelState> states, DebounceConfig debounce)
    {
        lock (_gate)
        {
            _debounce = debounce;
            _wanted.Clear();
            foreach (var state in states)
            {
                _wanted[state.Channel] = state;
            }

            if (_signal.CurrentCount == 0)
            {
                _signal.Release();
            }
        }
    }

    /// <summary>Completes when everything set so far is told.</summary>
    public async Task ToldAsync(CancellationToken cancellationToken)
    {
        while (NextChanges() is { } changed)
        {
            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>What a sink has not heard of yet, the oldest first, and what completes when there is more.</summary>
    public (IReadOnlyList<ChannelNotice> Notices, Task Changed) After(long version)
    {
        lock (_gate)
        {
            var changes = _told.Values.Concat(_ended.Values).Where(state => state.Version > version);
            var notices = changes
                .Select(state => new ChannelNotice(ChannelEvent.Change, state.Version, boot, bindIp, state))
                .Concat(_events.Where(notice => notice.Version > version));
            return ([.. notices.OrderBy(static notice => notice.Version)], _changed.Task);
        }
    }

    public void OnReady() => Note(ChannelEvent.Ready);

    public void OnError(string message)
    {
        Log.Trouble(logger, message);
        _errors.Writer.TryWrite(message);
    }

    public void OnClosed() => Note(ChannelEvent.Close);

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
            var (notices, changed) = After(after);
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

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _pumping;
        _errors.Writer.TryComplete(); // a handler that hangs is not waited for
        _ending.Dispose();
        _signal.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task PumpAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await _signal.WaitAsync(cancellationToken);
                await GatherAsync(cancellationToken);
                Tell();
            }
        }
        catch (OperationCanceledException)
        {
            Tell();
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
        } while (await _signal.WaitAsync(TimeSpan.Zero, cancellationToken) && time.GetElapsedTime(started) < debounce.Max);
    }

    private void Tell()
    {
        lock (_gate)
        {
            foreach (var state in Differences().ToList())
            {
                Keep(state);
            }

            SignalChange();
        }
    }

    private void Keep(ChannelState state)
    {
        if (_wanted.ContainsKey(state.Channel))
        {
            _told = _told.SetItem(state.Channel, state);
            _ended.Remove(state.Channel);
            return;
        }

        _told = _told.Remove(state.Channel);
        _ended[state.Channel] = state;
        if (_ended.Count > MostEnded)
        {
            _ended.Remove(_ended.Values.MinBy(static ended => ended.Version)!.Channel);
        }
    }

    private void Note(ChannelEvent happened)
    {
        lock (_gate)
        {
            _events.Add(new ChannelNotice(happened, ++_version, boot, bindIp, null));
            SignalChange();
        }
    }

    private void SignalChange()
    {
        _changed.TrySetResult();
        _changed = NewSignal();
    }

    private IEnumerable<ChannelState> Differences()
    {
        foreach (var state in _wanted.Values.OrderBy(static state => state.Channel, StringComparer.Ordinal).ToList())
        {
            var before = _told.GetValueOrDefault(state.Channel);
            if (before is null || !state.SaysTheSame(before))
            {
                yield return Versioned(state, before);
            }
        }

        foreach (var gone in _told.Values.Where(state => !_wanted.ContainsKey(state.Channel)).ToList())
        {
            yield return Versioned(gone with { Listening = false, Members = [] }, gone);
        }
    }

    private ChannelState Versioned(ChannelState state, ChannelState? before)
    {
        var now = state.Members.Select(static member => member.Iid).Distinct().ToList();
        var then = (before?.Members ?? []).Select(static member => member.Iid).Distinct().ToList();
        return state with { Version = ++_version, Boot = boot, Added = [.. now.Except(then)], Removed = [.. then.Except(now)] };
    }

    private Task? NextChanges()
    {
        lock (_gate)
        {
            var same =
                _wanted.Count == _told.Count
                && _wanted.Values.All(state => _told.TryGetValue(state.Channel, out var told) && state.SaysTheSame(told));
            return same ? null : _changed.Task;
        }
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
