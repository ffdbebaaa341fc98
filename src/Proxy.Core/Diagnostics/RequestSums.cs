namespace Proxy.Diagnostics;

/// <summary>HTTP requests since the start, added up.</summary>
public sealed record RequestSums
{
    /// <summary>The number of requests under way.</summary>
    public required int Open { get; init; }

    /// <summary>The number of ended requests, by the word of their <see cref="ConnectionOutcome"/>; outcomes that have not occurred are left out.</summary>
    public required IReadOnlyDictionary<string, long> Ended { get; init; }

    /// <summary>The number of responses by class of status, <c>2xx</c> and so on; <c>none</c> where no response was sent.</summary>
    public required IReadOnlyDictionary<string, long> Statuses { get; init; }

    /// <summary>
    /// The number of ended requests that failed their clients: by an outcome that is a fault, or by a status from 500 on, whoever answered it.
    /// </summary>
    public long Failed { get; init; }

    /// <summary>The sum of the durations of ended requests.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Bytes of bodies from clients, of requests under way too.</summary>
    public required long BytesIn { get; init; }

    /// <summary>Bytes of bodies to clients, of requests under way too.</summary>
    public required long BytesOut { get; init; }

    /// <summary>Adds up.</summary>
    /// <param name="parts">The parts.</param>
    /// <returns>The sum; null if there are no parts.</returns>
    public static RequestSums? Of(IEnumerable<RequestSums> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        List<RequestSums> all = [.. parts];
        return all.Count < 2
            ? all.FirstOrDefault()
            : new()
            {
                Open = all.Sum(static one => one.Open),
                Ended = Merge(all.Select(static one => one.Ended)),
                Statuses = Merge(all.Select(static one => one.Statuses)),
                Failed = all.Sum(static one => one.Failed),
                Duration = TimeSpan.FromTicks(all.Sum(static one => one.Duration.Ticks)),
                BytesIn = all.Sum(static one => one.BytesIn),
                BytesOut = all.Sum(static one => one.BytesOut),
            };
    }

    private static SortedDictionary<string, long> Merge(IEnumerable<IReadOnlyDictionary<string, long>> counts)
    {
        var sums = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (word, count) in counts.SelectMany(static one => one))
        {
            sums[word] = sums.GetValueOrDefault(word) + count;
        }

        return sums;
    }
}
