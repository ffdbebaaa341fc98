using System.Diagnostics;

namespace Proxy.Multiplexing;

/// <summary>The tags of the metrics of one route's requests to one destination, made once. Thread-safe.</summary>
internal sealed class RequestTags(string routeId, SessionKey destination)
{
    private readonly KeyValuePair<string, object?>[]?[] _ofOutcomes = new KeyValuePair<string, object?>[]?[
        Enum.GetValues<RequestOutcome>().Length
    ];

    private readonly TagList _all = new([
        new("proxy.route_id", routeId),
        new("proxy.cluster_id", destination.ClusterId),
        new("proxy.destination_id", destination.DestinationId),
    ]);

    public string RouteId => routeId;

    /// <summary>Route, cluster, destination.</summary>
    public ref readonly TagList All => ref _all;

    /// <summary>The same with an outcome.</summary>
    public ReadOnlySpan<KeyValuePair<string, object?>> With(RequestOutcome outcome) =>
        Volatile.Read(ref _ofOutcomes[(int)outcome]) ?? Add(outcome);

    private KeyValuePair<string, object?>[] Add(RequestOutcome outcome)
    {
        KeyValuePair<string, object?>[] tags = [.. _all, new("proxy.outcome", outcome.ToString())];
        Volatile.Write(ref _ofOutcomes[(int)outcome], tags);
        return tags;
    }
}
