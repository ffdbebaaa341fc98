namespace Proxy.Configuration.Endpoints;

/// <summary>PROXY protocol headers, versions 1 and 2, from load balancers in front.</summary>
public sealed record ProxyProtocolConfig
{
    /// <summary>Whether clients begin with a header.</summary>
    public ProxyProtocolAccept Accept { get; init; }

    /// <summary>The networks of the load balancers whose headers are believed, such as 10.0.0.0/8. Required unless Accept is Off.</summary>
    public IReadOnlyList<string> TrustedNetworks { get; init; } = [];

    /// <summary>The total time for the header.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);
}
