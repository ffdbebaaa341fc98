namespace Proxy.Diagnostics;

/// <summary>The sums over requests of one route to one cluster. Thread-safe.</summary>
internal sealed class RequestTotals
{
    private static readonly string[] _classes = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"]; // by the first digit of a status
    private static readonly string[] _outcomes = Enum.GetNames<ConnectionOutcome>();

    private readonly Lock _gate = new(); // guards all fields below
    private readonly long[] _statuses = new long[_classes.Length];
    private readonly long[] _ended = new long[_outcomes.Length];
    private int _open;
    private long _failed;
    private TimeSpan _duration;
    private long _received;
    private long _sent;

    public void Started()
    {
        lock (_gate)
        {
            _open++;
        }
    }

    public void Ended(RequestRecord request)
    {
        lock (_gate)
        {
            _open--;
            _ended[(int)request.Outcome]++;
            _statuses[ClassOf(request.Status)]++;
            _failed += request.HasFailed ? 1 : 0;
            _duration += request.Duration;
        }
    }

    public void Transferred(long received, long sent)
    {
        lock (_gate)
        {
            _received += received;
            _sent += sent;
        }
    }

    public RequestSums Read()
    {
        lock (_gate)
        {
            return new()
            {
                Open = _open,
                Ended = Occurred(_outcomes, _ended),
                Statuses = Occurred(_classes, _statuses),
                Failed = _failed,
                Duration = _duration,
                BytesIn = _received,
                BytesOut = _sent,
            };
        }
    }

    private static SortedDictionary<string, long> Occurred(string[] words, long[] counts) =>
        new(
            words.Zip(counts).Where(static pair => pair.Second > 0).ToDictionary(static pair => pair.First, static pair => pair.Second),
            StringComparer.Ordinal
        );

    private static int ClassOf(int? status) => status / 100 is { } first && first < _classes.Length ? first : 0;
}
