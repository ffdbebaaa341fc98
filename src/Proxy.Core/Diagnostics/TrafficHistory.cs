namespace Proxy.Diagnostics;

/// <summary>
/// What happened in the last minutes, in fixed memory: the totals of five minutes, one every two seconds, and the last ends that were not as they
/// should be. Thread-safe.
/// </summary>
/// <param name="tracker">The connections.</param>
/// <param name="requests">The HTTP requests.</param>
/// <param name="recent">The last ends.</param>
/// <param name="time">The clock.</param>
public sealed class TrafficHistory(ConnectionTracker tracker, RequestMetrics requests, RecentOutcomes recent, TimeProvider time)
{
    /// <summary>How many samples are kept.</summary>
    public const int Most = 150;

    private readonly Lock _gate = new(); // guards both fields below
    private readonly TrafficSample[] _samples = new TrafficSample[Most];
    private long _next;

    /// <summary>The interval of samples.</summary>
    public static TimeSpan Interval { get; } = TimeSpan.FromSeconds(2);

    /// <summary>The samples, oldest first.</summary>
    public IReadOnlyList<TrafficSample> Samples
    {
        get
        {
            lock (_gate)
            {
                var count = (int)Math.Min(_next, Most);
                return [.. Enumerable.Range(0, count).Select(i => _samples[(_next - count + i) % Most])];
            }
        }
    }

    /// <summary>The last 200 ends that failed a client and the last 200 others that were not <see cref="ConnectionOutcome.Completed"/>, newest first.</summary>
    public IReadOnlyList<RecentEnd> Ends => recent.Ends.List;

    /// <summary>Adds a sample of this moment.</summary>
    internal void Sample()
    {
        var sample = Read();
        lock (_gate)
        {
            _samples[_next++ % Most] = sample;
        }
    }

    /// <summary>The totals of this moment.</summary>
    /// <returns>A sample that is not kept.</returns>
    public TrafficSample Read()
    {
        var (open, ended, failed, received, sent) = (0, 0L, 0L, 0L, 0L);
        var outcomes = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var totals in tracker.Totals().Values)
        {
            open += totals.Open;
            received += totals.Received;
            sent += totals.Sent;
            foreach (var (outcome, count) in totals.Ended)
            {
                ended += count;
                outcomes[outcome.ToString()] = outcomes.GetValueOrDefault(outcome.ToString()) + count;
                failed += outcome.IsFault() ? count : 0;
            }
        }

        var (openRequests, endedRequests, failedRequests) = (0, 0L, 0L);
        foreach (var (_, _, sums) in requests.Traffic())
        {
            openRequests += sums.Open;
            received += sums.BytesIn;
            sent += sums.BytesOut;
            endedRequests += sums.Ended.Values.Sum();
            failedRequests += sums.Failed;
        }

        return new(time.GetUtcNow(), open, ended, failed, openRequests, endedRequests, failedRequests, received, sent)
        {
            Outcomes = outcomes,
        };
    }
}
