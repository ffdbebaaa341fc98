using Microsoft.Extensions.Logging;
using Proxy.Channels.Monitoring;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;

namespace Proxy.Channels;

/// <summary>
/// One loop that compares the wanted state (configuration, members, readiness) with the present one and changes what differs. All other
/// parts only signal it.
/// </summary>
internal sealed partial class ChannelReconciler(
    CurrentChannels channels,
    GroupMembers members,
    Announcement announcement,
    CallListeners listeners,
    ConnectionCutter cutter,
    ChannelReport report,
    ChannelNotifier notifier,
    TunnelTrust trust,
    TimeProvider time,
    ILogger<ChannelReconciler> logger
)
{
    private static readonly TimeSpan _reviewInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _shortestWait = TimeSpan.FromMilliseconds(1);

    private readonly TaskCompletionSource _silent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stopping;
    private volatile ChannelsConfig? _applied;
    private bool _isReady;

    /// <summary>The section Channels that the last complete pass applied; null before the first.</summary>
    public ChannelsConfig? Applied => _applied;

    /// <summary>Runs until the token is cancelled. A pass that fails is tried again.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ReconcileAsync(cancellationToken);
                await channels.Changed.WaitAsync(NextWait(), time, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                Log.Failed(logger, exception);
                await Task.Delay(_reviewInterval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Removes all channels; completes when local programs have been notified and no local address is bound.</summary>
    public Task StopAsync()
    {
        _stopping = true;
        channels.Changed.Set();
        return _silent.Task;
    }

    // On joining, bind before notifying; on leaving, notify before closing: a local program never connects to an address that does not
    // listen.
    private async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        var (config, stopping) = (channels.Config, _stopping);
        trust.Review();
        await members.ReconcileAsync();
        await notifier.ApplyAsync(config.Notify);
        await announcement.ReconcileAsync(stopping, cancellationToken);
        await listeners.ReconcileAsync(config, stopping ? null : members.Current, cancellationToken);
        cutter.CutRefused(config, members.Current);
        report.Report(config, stopping ? null : members.Current);
        foreach (var retirement in listeners.TakeRetired())
        {
            _ = CloseWhenPublishedAsync(retirement);
        }

        await listeners.CloseAsync();
        _applied = config;
        if (stopping)
        {
            NoteSilence();
        }
        else if (!_isReady && members.IsKnown && listeners.AreServicesBound)
        {
            _isReady = true;
            await report.ReportReadyAsync(cancellationToken);
        }
    }

    private TimeSpan NextWait()
    {
        var retry = listeners.NextRetry ?? _reviewInterval;
        return retry > _reviewInterval ? _reviewInterval
            : retry > _shortestWait ? retry
            : _shortestWait;
    }

    private async Task CloseWhenPublishedAsync(Retirement retirement)
    {
        await report.PublishedAsync();
        retirement.IsDue = true;
        channels.Changed.Set();
    }

    private void NoteSilence()
    {
        if (listeners.IsEmpty)
        {
            _silent.TrySetResult();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Error,
            "Channels: a change of configuration or members could not be applied whole; the pass is tried again."
        )]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
