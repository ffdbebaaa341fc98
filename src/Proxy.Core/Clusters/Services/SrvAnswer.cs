namespace Proxy.Clusters.Services;

/// <summary>What DNS says of a service.</summary>
/// <param name="Records">Its servers; empty if the service says that it has none (a target of ".").</param>
/// <param name="TimeToLive">How long that is true.</param>
internal sealed record SrvAnswer(IReadOnlyList<SrvRecord> Records, TimeSpan TimeToLive);
