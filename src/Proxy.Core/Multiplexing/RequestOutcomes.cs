namespace Proxy.Multiplexing;

/// <summary>How requests of clients ended, counted for one destination: in the metrics, and in its status. Thread-safe.</summary>
internal sealed class RequestOutcomes(MultiplexMetrics metrics)
{
    private static readonly string[] _names = [.. Enum.GetNames<RequestOutcome>()];
    private readonly long[] _totals = new long[_names.Length];
    private long _repeated;

    /// <summary>The number of requests that were sent again, since the connection on which they were sent was lost.</summary>
    public long TotalRepeated => Interlocked.Read(ref _repeated);

    /// <summary>The number of requests with each outcome that occurred.</summary>
    public IReadOnlyDictionary<string, long> Totals
    {
        get
        {
            var totals = new SortedDictionary<string, long>(StringComparer.Ordinal);
            for (var index = 0; index < _names.Length; index++)
            {
                if (Total((RequestOutcome)index) is > 0 and var total)
                {
                    totals.Add(_names[index], total);
                }
            }

            return totals;
        }
    }

    /// <summary>The number of requests with one outcome.</summary>
    public long Total(RequestOutcome outcome) => Interlocked.Read(ref _totals[(int)outcome]);

    /// <summary>Counts a request that is sent again.</summary>
    public void Repeat(RequestLane lane)
    {
        Interlocked.Increment(ref _repeated);
        metrics.Repeated(lane.Tags);
    }

    /// <summary>Counts requests of one client.</summary>
    public void Count(RequestOutcome outcome, RequestLane lane, int requests = 1)
    {
        if (requests == 0)
        {
            return;
        }

        Interlocked.Add(ref _totals[(int)outcome], requests);
        metrics.Ended(requests, lane.TagsOf(outcome));
    }

    /// <summary>Counts requests that ended in the same way.</summary>
    public void CountAll(RequestOutcome outcome, List<MultiplexRequest> requests) =>
        requests.ForEach(request => Count(outcome, request.Lane!));
}

/// <summary>How a request of a client ended.</summary>
internal enum RequestOutcome
{
    /// <summary>The destination answered, or got a request that has no reply.</summary>
    Answered,

    /// <summary>The destination answered by the protocol's error.</summary>
    DeviceException,

    /// <summary>The destination did not answer in time, or its connection was lost.</summary>
    NoAnswer,

    /// <summary>It failed at once, since it or its unit is suspended.</summary>
    Suspended,

    /// <summary>The destination could not be connected.</summary>
    NoPath,

    /// <summary>Too many requests waited, or it waited too long.</summary>
    QueueFull,

    /// <summary>The route does not allow it.</summary>
    Denied,

    /// <summary>It was answered from the cache.</summary>
    Cached,

    /// <summary>It shared the exchange of the same read.</summary>
    Shared,

    /// <summary>It was not sent, or not to its end, since its client had gone; or its client did not take the reply.</summary>
    Dropped,
}
