using Proxy.Configuration;
using Proxy.Diagnostics;

namespace Proxy.Revisions;

/// <summary>
/// The routes and addresses that an edit has removed, with the time that their connections have left. It holds nothing else of the revision that
/// ended, which can so be freed at once.
/// </summary>
internal sealed class RemovedRoutes
{
    private readonly HashSet<string> _routes = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _slots = new(StringComparer.Ordinal);

    // Of the removed routes. If an address was removed, of all routes: it may have connections of a route that an earlier edit has moved elsewhere.
    private readonly Dictionary<string, TimeSpan> _timeouts = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether nothing was removed.</summary>
    public bool IsEmpty => _routes.Count == 0 && _slots.Count == 0;

    /// <summary>Finds what one revision has and the next has not.</summary>
    /// <param name="ended">The revision that ran before.</param>
    /// <param name="next">The revision that runs now.</param>
    /// <returns>What was removed.</returns>
    public static RemovedRoutes Between(Revision ended, Revision next)
    {
        var removed = new RemovedRoutes();
        var (before, after) = (ended.Config.ReverseProxy.TcpRoutes, next.Config.ReverseProxy.TcpRoutes);
        removed._routes.UnionWith(before.Keys.Where(id => !after.ContainsKey(id)));
        var slots = Slots(next);
        removed._slots.UnionWith(ended.Bindings.Select(static binding => binding.Slot).Where(slot => !slots.Contains(slot)));
        foreach (var id in removed._slots.Count > 0 ? before.Keys : removed._routes)
        {
            removed._timeouts[id] = before[id].DrainTimeout;
        }

        return removed;
    }

    /// <summary>Forgets what a later revision has again.</summary>
    /// <param name="newest">The revision that runs now.</param>
    public void Keep(Revision newest)
    {
        _routes.RemoveWhere(newest.Config.ReverseProxy.TcpRoutes.ContainsKey);
        _slots.ExceptWith(Slots(newest));
    }

    /// <summary>Finds how long a connection has left.</summary>
    /// <param name="record">The connection.</param>
    /// <returns>Null when neither its route nor its address was removed; zero when it had no route yet.</returns>
    public TimeSpan? TimeoutOf(ConnectionRecord record) =>
        record.RouteId is { } id
            ? _routes.Contains(id) || _slots.Contains(record.Slot)
                ? _timeouts.GetValueOrDefault(id)
                : null
            : _slots.Contains(record.Slot)
                ? TimeSpan.Zero
                : null;

    private static HashSet<string> Slots(Revision revision) =>
        revision.Bindings.Select(static binding => binding.Slot).ToHashSet(StringComparer.Ordinal);
}
