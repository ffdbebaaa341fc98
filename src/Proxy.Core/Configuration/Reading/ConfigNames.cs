namespace Proxy.Configuration.Reading;

/// <summary>The names registered in code to which a configuration may refer.</summary>
internal sealed record ConfigNames
{
    /// <summary>The load balancing policies for TCP routes.</summary>
    public IReadOnlyCollection<string> LoadBalancingPolicies { get; init; } = [];

    /// <summary>The load balancing policies for HTTP routes.</summary>
    public IReadOnlyCollection<string> HttpLoadBalancingPolicies { get; init; } = [];

    /// <summary>The policies of session affinity.</summary>
    public IReadOnlyCollection<string> AffinityPolicies { get; init; } = [];

    /// <summary>The policies for requests whose destination is gone.</summary>
    public IReadOnlyCollection<string> AffinityFailurePolicies { get; init; } = [];

    /// <summary>The active health policies.</summary>
    public IReadOnlyCollection<string> ActiveHealthPolicies { get; init; } = [];

    /// <summary>The policies that choose the available destinations.</summary>
    public IReadOnlyCollection<string> AvailableDestinationsPolicies { get; init; } = [];

    /// <summary>The passive health policies.</summary>
    public IReadOnlyCollection<string> PassiveHealthPolicies { get; init; } = [];

    /// <summary>The hooks.</summary>
    public IReadOnlyCollection<string> Hooks { get; init; } = [];

    /// <summary>The protocols of Multiplex.</summary>
    public IReadOnlyCollection<ProtocolName> Protocols { get; init; } = [];

    /// <summary>The protocols that are recognized by first bytes.</summary>
    public IReadOnlyCollection<string> Detectors { get; init; } = [];

    /// <summary>The membership providers registered in code; Static and Dns are always available.</summary>
    public IReadOnlyCollection<string> MembershipProviders { get; init; } = [];

    /// <summary>The routes that an application mounts on endpoints of its own; they need no Listen.</summary>
    public IReadOnlyCollection<string> KestrelRoutes { get; init; } = [];

    /// <summary>Whether an HTTP server serves the connections of routes with Mode Http.</summary>
    public bool ServesHttp { get; init; }
}
