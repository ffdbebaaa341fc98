namespace Proxy.Admission;

/// <summary>Counts how often limits are reached, and says when that is worth a line in the log: at first, and then once a minute. Thread-safe.</summary>
internal sealed class LimitReports(TimeProvider time)
{
    private static readonly TimeSpan _pause = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new(); // guards _entries
    private readonly Dictionary<(string Limit, bool IsDryRun), Entry> _entries = [];

    /// <summary>The counts of those that were reached.</summary>
    public IEnumerable<LimitCount> Counts
    {
        get
        {
            lock (_gate)
            {
                return [.. _entries.Select(static pair => new LimitCount(pair.Key.Limit, pair.Key.IsDryRun, pair.Value.Count))];
            }
        }
    }

    /// <summary>Counts one.</summary>
    /// <returns>How many there were since the last line, if a line is due; otherwise null.</returns>
    public long? Add(string limit, bool isDryRun)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue((limit, isDryRun), out var entry))
            {
                _entries.Add((limit, isDryRun), entry = new());
            }

            entry.Count++;
            if (entry.Reported > 0 && time.GetElapsedTime(entry.ReportedAt) < _pause)
            {
                return null;
            }

            var since = entry.Count - entry.Reported;
            (entry.Reported, entry.ReportedAt) = (entry.Count, time.GetTimestamp());
            return since;
        }
    }

    private sealed class Entry
    {
        public long Count { get; set; }

        public long Reported { get; set; }

        public long ReportedAt { get; set; }
    }
}
