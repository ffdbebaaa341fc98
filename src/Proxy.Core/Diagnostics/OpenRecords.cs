namespace Proxy.Diagnostics;

/// <summary>
/// The open connections, and the sums over ended ones. Divided into shards, so that event loops and scrapes wait for each other no longer
/// than one shard takes.
/// </summary>
/// <param name="label">Returns the label by which connections are summed.</param>
internal sealed class OpenRecords(Func<ConnectionRecord, string> label)
{
    private const int Shards = 16;
    private readonly Shard[] _shards = [.. Enumerable.Range(0, Shards).Select(static _ => new Shard())];

    /// <summary>The connections that are open at present, in no particular order.</summary>
    public IEnumerable<ConnectionRecord> Open => _shards.SelectMany(static shard => shard.Copy());

    public bool Add(ConnectionRecord record)
    {
        var shard = Of(record);
        lock (shard.Gate)
        {
            return shard.Open.Add(record);
        }
    }

    /// <summary>Removes a connection without adding it to the sums.</summary>
    public bool Remove(ConnectionRecord record)
    {
        var shard = Of(record);
        lock (shard.Gate)
        {
            return shard.Open.Remove(record);
        }
    }

    /// <summary>
    /// Removes a connection and adds it to the sums in one step, since a collection in between would count it twice or not at all.
    /// </summary>
    public bool Settle(ConnectionRecord record)
    {
        var shard = Of(record);
        lock (shard.Gate)
        {
            Of(shard.Ended, label(record)).AddEnded(record);
            return shard.Open.Remove(record);
        }
    }

    /// <summary>The sums over open and ended connections, by label.</summary>
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

    /// <summary>Removes the sums of some labels.</summary>
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

    // The caller computes the label once: if a route were chosen in between, the sum of another one would be changed.
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
        public Lock Gate { get; } = new(); // guards both fields below

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
