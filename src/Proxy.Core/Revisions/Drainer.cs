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

    /// <summary>Starts to drain the connections whose route or endpoint the next revision does not have; does not wait.</summary>
    /// <param name="running">The revision that ends; its routes define the time limits of their connections.</param>
    /// <param name="newest">Returns the revision that runs when it is called.</param>
    public void DrainRemoved(Revision running, Func<Revision> newest)
    {
        Sweep(running, newest());
        _ = SweepLaterAsync(running, newest);
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

    // Connections that were queued for the old pipelines are tracked shortly after the swap.
    private async Task SweepLaterAsync(Revision running, Func<Revision> newest)
    {
        foreach (var pause in _sweeps)
        {
            await Task.Delay(pause, time);
            Sweep(running, newest());
        }
    }

    private void Sweep(Revision running, Revision newest)
    {
        var slots = newest.Bindings.Select(static binding => binding.Slot).Append("").ToHashSet(StringComparer.Ordinal);
        var routes = newest.Config.ReverseProxy.TcpRoutes;
        foreach (var record in tracker.Open.Where(static record => record.DrainTimeout is null && !ChannelSlots.IsOne(record.Slot)))
        {
            var gone = record.RouteId is { } id && !routes.ContainsKey(id);
            if (gone || !slots.Contains(record.Slot))
            {
                Drain(record, Timeout(running, record));
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
        record.DrainTimeout = timeout;
        drain.Begin(record, timeout, ConnectionOutcome.Drained);
    }
}
