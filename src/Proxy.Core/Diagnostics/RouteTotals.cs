namespace Proxy.Diagnostics;

/// <summary>The sums of one route. Guarded by whoever has it.</summary>
internal sealed class RouteTotals
{
    private static readonly ConnectionOutcome[] _outcomes = Enum.GetValues<ConnectionOutcome>();

    private long[] _ended = new long[_outcomes.Length];
    private long _received;
    private long _sent;

    public int Open { get; set; }

    public void Add(ConnectionRecord record)
    {
        _received += record.ClientBytes;
        _sent += record.UpstreamBytes;
    }

    public void End(ConnectionOutcome? outcome)
    {
        if (outcome is { } value)
        {
            _ended[(int)value]++;
        }
    }

    public RouteTotals Copy() =>
        new()
        {
            _ended = [.. _ended],
            _received = _received,
            _sent = _sent,
        };

    public RouteTraffic Read(string routeId) =>
        new(
            routeId,
            Open,
            _outcomes.Where(outcome => _ended[(int)outcome] > 0).ToDictionary(static outcome => outcome, outcome => _ended[(int)outcome]),
            _received,
            _sent
        );
}
