namespace Proxy.Diagnostics;

/// <summary>
/// Connections that are open, and the sums of those that have ended. In shards, so that neither event loops nor a scrape wait for each other
/// longer than one of them takes.
/// </summary>
/// <param name="label">What they are summed by.</param>
internal sealed class OpenRecords(Func<ConnectionRecord, string> label)
{
    private const int Shards = 16;
    private readonly Shard[] _shards = [.. Enumerable.Range(0, Shards).Select(static _ => new Shard())];

    /// <summary>Those that are open at this moment, in no order.</summary>
    public IEnumerable<ConnectionRecord> Open => _shards.SelectMany(static shard => shard.Copy());

    public bool Add(ConnectionRecord record)
    {
        var shard = Of(record);
        lock (shard.Gate)
        {
            return shard.Open.Add(record);
        }
    }

    /// <summary>Takes one out without its bytes.</summary>
    public bool Remove(ConnectionRecord record)
    {
        var shard = Of(record);
        lock (shard.Gate)
        {
            return shard.Open.Remove(record);
        }
    }

    /// <summary>Takes one out, in one step with adding it to the ended: a collection in between would see them twice or not at all.</summary>
    public bool Settle(ConnectionRecord record)
    {
        var shard = Of(record);
        lock (shard.Gate)
        {
            Of(shard.Ended, label(record)).AddEnded(record);
            return shard.Open.Remove(record);
        }
    }

    /// <summary>The sums of all, by label.</summary>
    public Dictionary<string, ConnectionTotals> Totals()
    {
        var totals = new Dictionary<string, ConnectionTotals>(StringComparer.OrdinalIgnoreCase);
        foreach (var shard in _shards)
        {
            lock (shard.Gate)
            {
                foreach (var (key, ended) in shard.Ended)
                {
                    Of(totals, key).Add(ended);
                }

                foreach (var record in shard.Open)
                {
                    Of(totals, label(record)).AddOpen(record);
                }
            }
        }

        return totals;
    }

    /// <summary>Forgets ended connections of some labels.</summary>
    public void Forget(Predicate<string> gone)
    {
        foreach (var shard in _shards)
        {
            lock (shard.Gate)
            {
                foreach (var key in shard.Ended.Keys)
                {
                    if (gone(key))
                    {
                        shard.Ended.Remove(key);
                    }
                }
            }
        }
    }

    private Shard Of(ConnectionRecord record) => _shards[(uint)record.GetHashCode() % Shards];

    // Callers ask for the label once: a route chosen meanwhile would get the sum of another.
    private static ConnectionTotals Of(Dictionary<string, ConnectionTotals> totals, string key)
    {
        if (!totals.TryGetValue(key, out var found))
        {
            totals.Add(key, found = new ConnectionTotals());
        }

        return found;
    }

    private sealed class Shard
    {
        public Lock Gate { get; } = new(); // guards both below

        public HashSet<ConnectionRecord> Open { get; } = [];

        public Dictionary<string, ConnectionTotals> Ended { get; } = new(StringComparer.OrdinalIgnoreCase);

        public ConnectionRecord[] Copy()
        {
            lock (Gate)
            {
                return [.. Open];
            }
        }
    }
}
