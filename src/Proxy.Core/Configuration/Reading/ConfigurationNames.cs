namespace Proxy.Configuration.Reading;

/// <summary>Names defined in code that a configuration may refer to.</summary>
internal sealed record ConfigurationNames
{
    /// <summary>The load-balancing policies that TCP routes know.</summary>
    public IReadOnlyCollection<string> LoadBalancingPolicies { get; init; } = [];

    /// <summary>The load-balancing policies that HTTP routes know.</summary>
    public IReadOnlyCollection<string> HttpLoadBalancingPolicies { get; init; } = [];

    /// <summary>The passive health policies there are.</summary>
    public IReadOnlyCollection<string> PassiveHealthPolicies { get; init; } = [];

    /// <summary>The hooks there are.</summary>
    public IReadOnlyCollection<string> Hooks { get; init; } = [];

    /// <summary>The protocols that Multiplex knows.</summary>
    public IReadOnlyCollection<ProtocolName> Protocols { get; init; } = [];

    /// <summary>The membership providers there are in code; Static and Dns need none.</summary>
    public IReadOnlyCollection<string> MembershipProviders { get; init; } = [];

    /// <summary>The routes an application mounts on endpoints of its own; they need no Listen.</summary>
    public IReadOnlyCollection<string> KestrelRoutes { get; init; } = [];
}
