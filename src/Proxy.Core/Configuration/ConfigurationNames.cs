namespace Proxy.Configuration;

/// <summary>Names that others give meaning to, so that a configuration can be checked against them.</summary>
public sealed record ConfigurationNames
{
    /// <summary>Load balancing policies.</summary>
    public IReadOnlyCollection<string> LoadBalancingPolicies { get; init; } = [];

    /// <summary>Routes that run on Kestrel's endpoints, which need no address.</summary>
    public IReadOnlyCollection<string> KestrelRoutes { get; init; } = [];
}
