using Proxy.Diagnostics;

namespace Proxy.Admission;

/// <summary>
/// Counts how often limits are reached, altogether and in the last minute, and says when that is worth a line in the log: at first, and then once a
/// minute. Thread-safe.
/// </summary>
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

    /// <summary>Those of numbers of clients that were reached in the last minute.</summary>
    public IEnumerable<LimitUse> Lately
    {
        get
        {
            lock (_gate)
            {
                return
                [
                    .. _entries
                        .Where(static pair => pair.Value.Minute is not null)
                        .Select(static pair => new LimitUse(pair.Key.Limit, pair.Value.Value, pair.Key.IsDryRun, pair.Value.Minute!.Read()))
                        .Where(static use => use.Minute is { Failed: > 0, InARow: not null }),
                ];
            }
        }
    }

    /// <summary>Counts one.</summary>
    /// <param name="limit">The key of the limit.</param>
    /// <param name="isDryRun">Whether the client is served all the same.</param>
    /// <param name="value">How many clients the limit allows; null for lists of networks, which are no matter of how many come.</param>
    /// <returns>How many there were since the last line, if a line is due; otherwise null.</returns>
    public long? Add(string limit, bool isDryRun, int? value = null)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue((limit, isDryRun), out var entry))
            {
                _entries.Add((limit, isDryRun), entry = new());
            }

            entry.Count++;
            if (value is { } allowed)
            {
                entry.Value = allowed;
                (entry.Minute ??= new(time)).Note(limit);
            }

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

        public int Value { get; set; }

        public LastMinute? Minute { get; set; }

        public long Reported { get; set; }

        public long ReportedAt { get; set; }
    }
}
