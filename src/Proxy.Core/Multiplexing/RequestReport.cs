namespace Proxy.Multiplexing;

/// <summary>
/// What operators are told of the requests of one destination that were refused or sent again: their number once they occur, then not for a minute,
/// however many there are. Used by one thread at a time.
/// </summary>
internal sealed class RequestReport(RequestOutcomes outcomes)
{
    private const long Quiet = 60_000; // milliseconds
    private static readonly RequestOutcome[] _refusals =
    [
        RequestOutcome.QueueFull,
        RequestOutcome.Suspended,
        RequestOutcome.NoPath,
        RequestOutcome.Denied,
    ];

    private readonly long[] _told = new long[_refusals.Length];
    private long _toldRepeated;
    private long _refusedAfter = long.MinValue;
    private long _repeatedAfter = long.MinValue;

    /// <summary>The requests that were refused since the last call that returned some, by outcome; empty if there is nothing to tell now.</summary>
    /// <param name="now">Milliseconds of the clock.</param>
    public IReadOnlyList<(RequestOutcome Outcome, long Count)> Refused(long now)
    {
        if (now < _refusedAfter)
        {
            return [];
        }

        List<(RequestOutcome, long)>? refused = null;
        for (var index = 0; index < _refusals.Length; index++)
        {
            var total = outcomes.Total(_refusals[index]);
            if (total > _told[index])
            {
                (refused ??= []).Add((_refusals[index], total - _told[index]));
                _told[index] = total;
                _refusedAfter = now + Quiet;
            }
        }

        return refused ?? [];
    }

    /// <summary>The number of requests that were sent again since the last call that returned some; 0 if there is nothing to tell now.</summary>
    /// <param name="now">Milliseconds of the clock.</param>
    public long Repeated(long now)
    {
        var repeated = outcomes.TotalRepeated - _toldRepeated;
        if (repeated == 0 || now < _repeatedAfter)
        {
            return 0;
        }

        _toldRepeated += repeated;
        _repeatedAfter = now + Quiet;
        return repeated;
    }
}
