using Microsoft.Extensions.Logging;
using Proxy.Timing;

namespace Proxy.Channels.Monitoring;

/// <summary>
/// Delivers notifications to one sink, one after the other in the order of versions; each is repeated until it is acknowledged or a newer
/// one replaces it. A sink that is slow, fails or hangs misses those in between and delays no other sink. A refused notification of one
/// channel delays neither those of other channels nor the last one. Each says which members were added and removed since the last acknowledged one.
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
    private readonly Dictionary<(ChannelEvent, string?), Subject> _subjects = []; // by channel; null for ready and close
    private readonly KnownMembers _known = new();
    private long _acknowledged; // all versions up to this one are acknowledged
    private Task _running = Task.CompletedTask;

    public void Start() => _running = RunAsync(_ending.Token);

    /// <summary>Waits until all notifications are delivered, the last one included, up to a time limit.</summary>
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
                if (await DeliverAsync(notice, cancellationToken) && notice.Event == ChannelEvent.Close)
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

    // A notification that was refused is repeated after all others, since it may take the sink's whole time limit.
    private ChannelNotice? Next(List<ChannelNotice> open) =>
        open.Where(notice => Of(notice).IsDue(notice))
            .OrderBy(notice => Of(notice).HasFailed)
            .ThenBy(static notice => notice.Version)
            .FirstOrDefault();

    // Channels may come and go while another one's notification is refused; their entries must not pile up.
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

    private async Task<bool> DeliverAsync(ChannelNotice notice, CancellationToken cancellationToken)
    {
        var subject = Of(notice);
        var again = subject.HasFailed;
        string? failure;
        try
        {
            failure = await sink.DeliverAsync(_known.Compare(notice), cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            failure = exception.Message;
        }

        metrics.Delivered(sink.Text, failure is null);
        if (failure is not null && !again)
        {
            Log.Failed(logger, sink.Text, notice.Version, failure);
        }
        else if (failure is null && again)
        {
            Log.Succeeded(logger, sink.Text, notice.Version);
        }

        if (failure is null)
        {
            _known.Learn(notice);
        }

        subject.Tried(notice, failure is null);
        return failure is null;
    }

    /// <summary>The progress of one channel, of ready or of close at this sink.</summary>
    private sealed class Subject(TimeProvider time)
    {
        private readonly Backoff _backoff = new(time, _firstPause, _longestPause);
        private long _tried;

        public long Acknowledged { get; private set; }

        public bool HasFailed => _backoff.HasFailed;

        public TimeSpan Left => _backoff.Remaining;

        /// <summary>Whether to deliver now: a notice newer than the refused one at once, the refused one after its pause.</summary>
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
        [LoggerMessage(
            LogLevel.Warning,
            "Notification {Version} to {Sink} {Reason}; it is repeated until it succeeds or a newer one replaces it."
        )]
        public static partial void Failed(ILogger logger, string sink, long version, string reason);

        [LoggerMessage(LogLevel.Information, "Notification {Version} to {Sink} has succeeded after earlier failures.")]
        public static partial void Succeeded(ILogger logger, string sink, long version);
    }
}
