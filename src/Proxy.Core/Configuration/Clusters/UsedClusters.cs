namespace Proxy.Configuration.Clusters;

/// <summary>The clusters that the routes use.</summary>
/// <param name="Http">The clusters of HTTP routes, by id.</param>
/// <param name="Tcp">The clusters of TCP routes and of the units they name, by id.</param>
internal sealed record UsedClusters(IReadOnlySet<string> Http, IReadOnlySet<string> Tcp);
