using Microsoft.Extensions.Logging;

namespace Proxy.Channels.Monitoring;

/// <summary>
/// Tells one sink, one notification after the other in the order of versions, each until it is acknowledged or a newer one takes its
/// place. A sink that is slow, fails or hangs misses what is between, and holds nobody else up.
/// </summary>
internal sealed partial class NotificationPump(
    INotificationSink sink,
    ChannelMonitor monitor,
    ChannelMetrics metrics,
    TimeProvider time,
    ILogger logger
) : IAsyncDisposable
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _ending = new();
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
        var (acknowledged, pause) = (0L, TimeSpan.Zero);
        await Task.Yield();
        while (true)
        {
            var (notices, changed) = monitor.After(acknowledged);
            if (notices is not [var notice, ..])
            {
                await changed.WaitAsync(cancellationToken);
                continue;
            }

            if (await TellAsync(notice, pause > TimeSpan.Zero, cancellationToken))
            {
                (acknowledged, pause) = (notice.Version, TimeSpan.Zero);
                if (notice.Event == ChannelEvent.Close)
                {
                    return;
                }

                continue;
            }

            pause =
                pause == TimeSpan.Zero ? _firstPause
                : pause * 2 < _longestPause ? pause * 2
                : _longestPause;
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    private async Task<bool> TellAsync(ChannelNotice notice, bool again, CancellationToken cancellationToken)
    {
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

        return failure is null;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Notification {Version} to {Sink} {Reason}; it is tried again until it succeeds.")]
        public static partial void Failed(ILogger logger, string sink, long version, string reason);

        [LoggerMessage(LogLevel.Information, "Notification {Version} to {Sink} has succeeded.")]
        public static partial void Succeeded(ILogger logger, string sink, long version);
    }
}
