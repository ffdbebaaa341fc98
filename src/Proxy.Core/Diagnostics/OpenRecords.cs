namespace Proxy.Diagnostics;

/// <summary>
/// Connections that are open, and the bytes of those that have ended. In shards, so that neither event loops nor a scrape wait for each other
/// longer than one of them takes.
/// </summary>
/// <param name="label">What bytes are summed by.</param>
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

    /// <summary>Takes one out, in one step with adding its bytes to those of the ended: a collection in between would see them twice or not at all.</summary>
    public bool Settle(ConnectionRecord record)
    {
        var shard = Of(record);
        lock (shard.Gate)
        {
            Add(shard.Ended, record);
            return shard.Open.Remove(record);
        }
    }

    /// <summary>The bytes of all, by label.</summary>
    public Dictionary<string, (long In, long Out)> Bytes()
    {
        var totals = new Dictionary<string, (long In, long Out)>(StringComparer.OrdinalIgnoreCase);
        foreach (var shard in _shards)
        {
            lock (shard.Gate)
            {
                foreach (var (key, (received, sent)) in shard.Ended)
                {
                    var (before, after) = totals.GetValueOrDefault(key);
                    totals[key] = (before + received, after + sent);
                }

                foreach (var record in shard.Open)
                {
                    Add(totals, record);
                }
            }
        }

        return totals;
    }

    /// <summary>Forgets the bytes of ended connections of some labels.</summary>
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

    // The label is asked for once: a route chosen meanwhile would get the sum of another.
    private void Add(Dictionary<string, (long In, long Out)> totals, ConnectionRecord record)
    {
        var key = label(record);
        var (received, sent) = totals.GetValueOrDefault(key);
        totals[key] = (received + record.ClientBytes, sent + record.UpstreamBytes);
    }

    private sealed class Shard
    {
        public Lock Gate { get; } = new(); // guards both below

        public HashSet<ConnectionRecord> Open { get; } = [];

        public Dictionary<string, (long In, long Out)> Ended { get; } = new(StringComparer.OrdinalIgnoreCase);

        public ConnectionRecord[] Copy()
        {
            lock (Gate)
            {
                return [.. Open];
            }
        }
    }
}
