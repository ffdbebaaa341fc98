namespace Proxy.Diagnostics;

/// <summary>
/// The ids that are counted: the configured ones, and the newest of the removed ones, so that a scrape gets their last values.
/// </summary>
/// <param name="limit">The number of removed ids to keep.</param>
internal sealed class RecentIds(int limit)
{
    private readonly Queue<string> _removed = [];
    private HashSet<string> _live = new(StringComparer.OrdinalIgnoreCase);
    private HashSet<string> _kept = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Sets the configured ids.</summary>
    public void Set(IEnumerable<string> ids)
    {
        var now = ids.ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var id in _live.Where(id => !now.Contains(id)))
        {
            _removed.Enqueue(id);
        }

        while (_removed.Count > limit)
        {
            _removed.Dequeue();
        }

        _live = now;
        _kept = _removed.ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    public bool Contains(string id) => _live.Contains(id) || _kept.Contains(id);
}
