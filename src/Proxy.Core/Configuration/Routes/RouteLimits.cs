using Proxy.Configuration.Networks;

namespace Proxy.Configuration.Routes;

/// <summary>The limits of a route, with its networks read.</summary>
/// <param name="Values">What is configured.</param>
/// <param name="Networks">Which clients are allowed.</param>
internal sealed record RouteLimits(RouteLimitsConfig Values, NetworkRules Networks)
{
    /// <summary>Whether clients are told apart by their source.</summary>
    public bool CountSources => Values.MaxConnectionsPerSource is not null || Values.ConnectionsPerSecondPerSource is not null;
}
