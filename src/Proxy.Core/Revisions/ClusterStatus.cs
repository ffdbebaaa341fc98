namespace Proxy.Revisions;

/// <summary>A cluster as it is now.</summary>
/// <param name="Id">The id.</param>
/// <param name="Policy">How a destination is chosen.</param>
/// <param name="Destinations">Its destinations, by id.</param>
public sealed record ClusterStatus(string Id, string Policy, IReadOnlyList<DestinationStatus> Destinations);
