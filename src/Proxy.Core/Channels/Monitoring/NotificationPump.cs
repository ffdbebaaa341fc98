using Microsoft.Extensions.Logging;
using Proxy.Timing;

namespace Proxy.Channels.Monitoring;

/// <summary>
/// Tells one sink, one notification after the other in the order of versions, each until it is acknowledged or a newer one takes its
/// place. A sink that is slow, fails or hangs misses what is between, and holds no other sink up; what it refuses of one channel holds
/// up neither other channels nor the end.
/// </summary>
internal sealed partial class NotificationPump(
    INotificationSink sink,
    ChannelMonitor monitor,
    NotificationMetrics metrics,
    TimeProvider time,
    ILogger logger
) : IAsyncDisposable
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _ending = new();
    private readonly Dictionary<(ChannelEvent, string?), Subject> _subjects = []; // a channel, ready or close
    private long _acknowledged; // all up to here
    private Task _running = Task.CompletedTask;

    public void Start() => _running = RunAsync(_ending.Token);

    /// <summary>Lets it tell what it has not told yet, the end above all, for so long.</summary>
    public async Task FinishAsync(TimeSpan limit) =>
        await _running.WaitAsync(limit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        while (true)
        {
            var (notices, changed) = monitor.After(_acknowledged);
            var open = notices.Where(notice => Of(notice).Acknowledged < notice.Version).ToList();
            if (Next(open) is { } notice)
            {
                if (await TellAsync(notice, cancellationToken) && notice.Event == ChannelEvent.Close)
                {
                    return;
                }
            }
            else if (open.Count > 0)
            {
                Forget(notices);
                var pause = open.Min(notice => Of(notice).Left);
                await changed.WaitAsync(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
            }
            else
            {
                Settle(notices);
                await changed.WaitAsync(cancellationToken);
            }
        }
    }

    private static (ChannelEvent, string?) Key(ChannelNotice notice) => (notice.Event, notice.State?.Channel);

    private Subject Of(ChannelNotice notice) =>
        _subjects.TryGetValue(Key(notice), out var known) ? known : _subjects[Key(notice)] = new Subject(time);

    // What is refused comes after the rest, the end included: it may take its whole time limit.
    private ChannelNotice? Next(List<ChannelNotice> open) =>
        open.Where(notice => Of(notice).IsDue(notice))
            .OrderBy(notice => Of(notice).HasFailed)
            .ThenBy(static notice => notice.Version)
            .FirstOrDefault();

    // Channels come and go while one is refused.
    private void Forget(IReadOnlyList<ChannelNotice> notices)
    {
        foreach (var key in _subjects.Keys.Except(notices.Select(Key)).ToList())
        {
            _subjects.Remove(key);
        }
    }

    private void Settle(IReadOnlyList<ChannelNotice> notices)
    {
        _acknowledged = notices is [.., var last] ? last.Version : _acknowledged;
        _subjects.Clear();
    }

    private async Task<bool> TellAsync(ChannelNotice notice, CancellationToken cancellationToken)
    {
        var subject = Of(notice);
        var again = subject.HasFailed;
        string? failure;
        try
        {
            failure = await sink.TellAsync(notice, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            failure = exception.Message;
        }

        metrics.Told(sink.Text, failure is null);
        if (failure is not null && !again)
        {
            Log.Failed(logger, sink.Text, notice.Version, failure);
        }
        else if (failure is null && again)
        {
            Log.Succeeded(logger, sink.Text, notice.Version);
        }

        subject.Tried(notice, failure is null);
        return failure is null;
    }

    /// <summary>How it stands with one channel, with ready or with close.</summary>
    private sealed class Subject(TimeProvider time)
    {
        private readonly Backoff _backoff = new(time, _firstPause, _longestPause);
        private long _tried;

        public long Acknowledged { get; private set; }

        public bool HasFailed => _backoff.HasFailed;

        public TimeSpan Left => _backoff.Remaining;

        /// <summary>What is newer than what was refused is told at once.</summary>
        public bool IsDue(ChannelNotice notice) => notice.Version != _tried || Left <= TimeSpan.Zero;

        public void Tried(ChannelNotice notice, bool succeeded)
        {
            _tried = notice.Version;
            Acknowledged = succeeded ? notice.Version : Acknowledged;
            _backoff.Note(failed: !succeeded);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Notification {Version} to {Sink} {Reason}; it is tried again until it succeeds.")]
        public static partial void Failed(ILogger logger, string sink, long version, string reason);

        [LoggerMessage(LogLevel.Information, "Notification {Version} to {Sink} has succeeded.")]
        public static partial void Succeeded(ILogger logger, string sink, long version);
    }
}
