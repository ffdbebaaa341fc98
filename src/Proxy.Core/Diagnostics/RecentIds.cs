namespace Proxy.Diagnostics;

/// <summary>The ids that count: those that are configured, and the newest of those that were, so that a scrape sees what they did last.</summary>
/// <param name="limit">How many that were.</param>
internal sealed class RecentIds(int limit)
{
    private readonly Queue<string> _removed = [];
    private HashSet<string> _live = new(StringComparer.OrdinalIgnoreCase);
    private HashSet<string> _kept = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes the ids of now.</summary>
    public void Use(IEnumerable<string> ids)
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
