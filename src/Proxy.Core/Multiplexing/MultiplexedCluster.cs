namespace Proxy.Multiplexing;

/// <summary>A cluster of a revision that is multiplexed.</summary>
/// <param name="Id">The id.</param>
/// <param name="Settings">What is done with its destinations.</param>
/// <param name="Destinations">Their addresses by id.</param>
internal sealed record MultiplexedCluster(string Id, UpstreamSettings Settings, IReadOnlyDictionary<string, string> Destinations);
