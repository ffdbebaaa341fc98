namespace Proxy.Diagnostics;

/// <summary>The sums over connections with the same label. Guarded by its owner.</summary>
internal sealed class ConnectionTotals
{
    private static readonly ConnectionOutcome[] _outcomes = Enum.GetValues<ConnectionOutcome>();

    private long[]? _ended; // by outcome; null until a connection has ended

    public int Open { get; private set; }

    /// <summary>The number of bytes from clients.</summary>
    public long Received { get; private set; }

    /// <summary>The number of bytes to clients.</summary>
    public long Sent { get; private set; }

    /// <summary>The outcomes that have occurred, with their counts.</summary>
    public IEnumerable<(ConnectionOutcome Outcome, long Count)> Ended =>
        _ended is { } ended ? _outcomes.Where(outcome => ended[(int)outcome] > 0).Select(outcome => (outcome, ended[(int)outcome])) : [];

    public void AddOpen(ConnectionRecord record)
    {
        AddBytes(record);
        Open++;
    }

    public void AddEnded(ConnectionRecord record)
    {
        AddBytes(record);
        if (record.Outcome is { } outcome)
        {
            _ended ??= new long[_outcomes.Length];
            _ended[(int)outcome]++;
        }
    }

    public void Add(ConnectionTotals other)
    {
        Open += other.Open;
        Received += other.Received;
        Sent += other.Sent;
        foreach (var (outcome, count) in other.Ended)
        {
            _ended ??= new long[_outcomes.Length];
            _ended[(int)outcome] += count;
        }
    }

    public RouteTraffic Read(string routeId) =>
        new(routeId, Open, Ended.ToDictionary(static pair => pair.Outcome, static pair => pair.Count), Received, Sent);

    private void AddBytes(ConnectionRecord record)
    {
        Received += record.ClientBytes;
        Sent += record.UpstreamBytes;
    }
}
