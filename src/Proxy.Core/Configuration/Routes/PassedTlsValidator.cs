using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Routes;

/// <summary>Warns of routes that pass the TLS of clients through to clusters which begin TLS themselves.</summary>
internal static class PassedTlsValidator
{
    public static void Check(ReverseProxyConfig config, IReadOnlyDictionary<string, RouteConditions> conditions, ProblemList problems)
    {
        foreach (var (id, route) in config.TcpRoutes)
        {
            if (
                route is { Tls: null, ClusterId: { } clusterId }
                && config.Clusters.TryGetValue(clusterId, out var cluster)
                && cluster.Tcp.Tls is not null
                && conditions.TryGetValue(id, out var condition)
                && (condition.NeedsHello || condition.HasProtocol("Tls"))
            )
            {
                // A warning, since a destination may be the end of a tunnel within TLS, behind which the clients' TLS ends.
                problems.Warn(
                    $"ReverseProxy:TcpRoutes:{id}:Match",
                    $"takes clients that begin TLS themselves, and cluster '{clusterId}' has Tcp:Tls, so that their bytes are encrypted twice, which few destinations expect; give the route a Tls block, which ends the clients' TLS here, or remove Tcp:Tls of the cluster."
                );
            }
        }
    }
}
