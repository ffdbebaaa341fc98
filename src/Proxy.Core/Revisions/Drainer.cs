using Proxy.Channels;
using Proxy.Configuration;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Revisions;

/// <summary>Gives connections whose route or endpoint is gone the route's DrainTimeout, and then resets them.</summary>
internal sealed class Drainer(ConnectionTracker tracker, ConnectionDrain drain, TimeProvider time)
{
    private static readonly TimeSpan _margin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan[] _sweeps = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(25)];
    private static readonly TimeSpan _noneAtStop = TimeSpan.FromSeconds(30);

    /// <summary>Drains what the newest revision no longer has; returns at once.</summary>
    /// <param name="ended">The revision that ran before: its routes say how long their connections have.</param>
    /// <param name="newest">The revision that runs whenever this is asked.</param>
    public void DrainRemoved(Revision ended, Func<Revision> newest)
    {
        var removed = RemovedRoutes.Between(ended, newest());
        if (!removed.IsEmpty)
        {
            Sweep(removed);
            _ = SweepLaterAsync(removed, newest);
        }
    }

    /// <summary>Drains all connections; completes when none is left.</summary>
    public Task DrainAllAsync(Revision running)
    {
        foreach (var record in tracker.Open)
        {
            var timeout = record.DrainTimeout ?? Timeout(running, record);
            if (timeout < TimeSpan.Zero)
            {
                Drain(record, _noneAtStop);
            }
            else if (record.DrainTimeout is null)
            {
                Drain(record, timeout);
            }
        }

        return tracker.WhenEmptyAsync();
    }

    /// <summary>The longest time that a stop may take: the delay before it, the longest drain, and a margin.</summary>
    public static TimeSpan ShutdownTime(Revision revision) =>
        revision.Config.ShutdownDelay
        + _margin
        + revision
            .Config.ReverseProxy.TcpRoutes.Values.Select(static route =>
                route.DrainTimeout < TimeSpan.Zero ? _noneAtStop : route.DrainTimeout
            )
            .Append(ChannelTimeout(revision) + LastWord(revision))
            .Max();

    // A connection that was queued for the old pipelines is tracked a little after they were swapped.
    private async Task SweepLaterAsync(RemovedRoutes removed, Func<Revision> newest)
    {
        foreach (var pause in _sweeps)
        {
            await Task.Delay(pause, time);
            removed.Keep(newest());
            Sweep(removed);
        }
    }

    private void Sweep(RemovedRoutes removed)
    {
        foreach (var record in tracker.Open.Where(static record => record.DrainTimeout is null && !ChannelSlots.IsOne(record.Slot)))
        {
            if (removed.TimeoutOf(record) is { } timeout)
            {
                Drain(record, timeout);
            }
        }
    }

    private static TimeSpan Timeout(Revision running, ConnectionRecord record) =>
        ChannelSlots.IsOne(record.Slot) ? ChannelTimeout(running)
        : record.RouteId is { } id && running.Config.ReverseProxy.TcpRoutes.TryGetValue(id, out var route) ? route.DrainTimeout
        : TimeSpan.Zero;

    private static TimeSpan ChannelTimeout(Revision running) => running.Config.Channels?.Tunnel.DrainTimeout ?? TimeSpan.Zero;

    // Programs that are notified of the end of the channels may need time to stop a server.
    private static TimeSpan LastWord(Revision revision) =>
        (revision.Config.Channels?.Notify.Exec ?? []).Select(static exec => exec.Timeout).DefaultIfEmpty(TimeSpan.Zero).Max();

    private void Drain(ConnectionRecord record, TimeSpan timeout)
    {
        record.BeginDrain(timeout);
        drain.Begin(record, timeout, ConnectionOutcome.Drained);
    }
}
