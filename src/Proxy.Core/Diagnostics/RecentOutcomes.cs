using System.Collections.Concurrent;

namespace Proxy.Diagnostics;

/// <summary>
/// What happened lately, by route and by destination, and the last ends that were not as they should be. Conditions are derived from it. Thread-safe; its
/// size depends on the configuration alone.
/// </summary>
public sealed class RecentOutcomes
{
    private static readonly string[] _outcomes = Enum.GetNames<ConnectionOutcome>();

    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, LastMinute> _routes = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, LastMinute> _requests = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<DestinationKey, DestinationResults> _destinations = new();

    /// <summary>Begins with nothing.</summary>
    /// <param name="time">The clock.</param>
    public RecentOutcomes(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        Ends = new(time);
    }

    /// <summary>The last ends that were not <see cref="ConnectionOutcome.Completed"/>.</summary>
    internal RecentEnds Ends { get; }

    /// <summary>The clients of a TCP route in the last minute; null if it never had any.</summary>
    internal LastMinuteSums? OfRoute(string routeId) => _routes.GetValueOrDefault(routeId)?.Read();

    /// <summary>The requests of an HTTP route in the last minute; null if it never had any.</summary>
    internal LastMinuteSums? OfHttpRoute(string routeId) => _requests.GetValueOrDefault(routeId)?.Read();

    /// <summary>What happened at a destination; null if nothing did.</summary>
    internal DestinationResults? Find(string clusterId, string destinationId) =>
        _destinations.GetValueOrDefault(new(clusterId, destinationId));

    /// <summary>What happens at a destination.</summary>
    internal DestinationResults Of(string clusterId, string destinationId) =>
        _destinations.GetOrAdd(new(clusterId, destinationId), static (_, time) => new(time), _time);

    /// <summary>Records a connection that has ended.</summary>
    internal void Ended(ConnectionRecord record)
    {
        var outcome = record.Outcome ?? ConnectionOutcome.InternalError;
        // A client that fails its handshake, as scanners do, neither fails a route nor shows that it works.
        if (record.RouteId is { } route && outcome != ConnectionOutcome.TlsFailed)
        {
            Of(_routes, route).Note(outcome.CountsAgainstRoute() ? _outcomes[(int)outcome] : null);
        }

        if (record is { ClusterId: { } cluster, DestinationId: { } destination })
        {
            var results = Find(cluster, destination); // its dial was recorded, unless the destination has gone since
            results?.Carried(record.ClientBytes, record.UpstreamBytes);
            if (record.WasConnected) // not for clients of multiplexers, whose requests are counted
            {
                results?.Ended(ReasonOf(outcome));
            }
        }

        if (outcome != ConnectionOutcome.Completed)
        {
            Ends.Add(record, outcome);
        }
    }

    /// <summary>Records a request that has ended.</summary>
    internal void Ended(RequestRecord request)
    {
        var fails = request.HasFailed;
        if (request.RouteId is { } route)
        {
            Of(_requests, route).Note(fails ? Describe(request) : null);
        }

        if (request is { ClusterId: { } cluster, DestinationId: { } destination })
        {
            var results = Of(cluster, destination);
            Note(results, request);
            results.Carried(request.BytesIn ?? 0, request.BytesOut ?? 0);
        }

        if (fails || request.Outcome != ConnectionOutcome.Completed)
        {
            Ends.Add(request);
        }
    }

    /// <summary>Forgets routes that are not configured any more.</summary>
    internal void Configure(IReadOnlyCollection<string> routes, IReadOnlyCollection<string> httpRoutes)
    {
        Keep(_routes, routes.ToHashSet(StringComparer.OrdinalIgnoreCase));
        Keep(_requests, httpRoutes.ToHashSet(StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Forgets destinations that are gone, by an edit or since a connector or a service does not list them any more.</summary>
    internal void Configure(IEnumerable<(string ClusterId, string DestinationId)> destinations) =>
        Keep(_destinations, [.. destinations.Select(static pair => new DestinationKey(pair.ClusterId, pair.DestinationId))]);

    private static void Note(DestinationResults destination, RequestRecord request)
    {
        var address = request.DestinationAddress ?? "";
        switch (request.Outcome)
        {
            case ConnectionOutcome.ConnectFailed:
                destination.NotReached(address, FailureReason.NotConnected, request.Reason);
                break;
            case ConnectionOutcome.NoDestination or ConnectionOutcome.ClientReset or ConnectionOutcome.InternalError:
                break; // says nothing about it
            default:
                if (request.IsAnswered) // else whether it was connected is not known
                {
                    destination.Reached(address);
                }

                destination.Ended(ReasonOf(request.Outcome) ?? (request.IsServerError ? FailureReason.ServerError : null));
                break;
        }
    }

    private static FailureReason? ReasonOf(ConnectionOutcome outcome) =>
        outcome switch
        {
            ConnectionOutcome.UpstreamReset => FailureReason.Reset,
            ConnectionOutcome.ResponseTimeout => FailureReason.NoAnswer,
            ConnectionOutcome.ProtocolError => FailureReason.ProtocolError,
            _ => null,
        };

    private static string Describe(RequestRecord request) =>
        request.Reason is { } reason ? $"{request.Outcome}: {reason}"
        : request.Outcome == ConnectionOutcome.Completed ? $"status {request.Status}"
        : _outcomes[(int)request.Outcome];

    private LastMinute Of(ConcurrentDictionary<string, LastMinute> routes, string id) =>
        routes.GetOrAdd(id, static (_, time) => new(time), _time);

    private static void Keep<TKey, TValue>(ConcurrentDictionary<TKey, TValue> all, HashSet<TKey> configured)
        where TKey : notnull
    {
        foreach (var (key, _) in all)
        {
            if (!configured.Contains(key))
            {
                all.TryRemove(key, out _);
            }
        }
    }
}
