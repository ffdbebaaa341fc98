using Proxy.Configuration;
using Proxy.Tls.Termination;

namespace Proxy.Routes;

/// <summary>The limits and the metrics of TLS handshakes in a revision.</summary>
internal sealed class RevisionHandshakes(TerminationDependencies termination, Revision revision) : IRevisionPart
{
    public void Commit()
    {
        var proxy = revision.Config.ReverseProxy;
        var routes = proxy.TcpRoutes.Where(static route => route.Value.Tls is not null).Select(static route => route.Key).ToList();
        termination.Metrics.Configure(
            routes,
            proxy.Clusters.Where(static one => one.Value.Tcp.Tls is not null).Select(static one => one.Key)
        );
        var terminating = routes.ToHashSet(StringComparer.OrdinalIgnoreCase);
        termination.Logs.Keep(terminating);
        termination.Gates.Apply(
            revision
                .Bindings.Where(binding => binding.RouteIds.Any(terminating.Contains))
                .GroupBy(static binding => binding.EndpointId, StringComparer.OrdinalIgnoreCase)
                .ToDictionary(
                    static group => group.Key,
                    static group => group.First().MaxConcurrentHandshakes,
                    StringComparer.OrdinalIgnoreCase
                )
        );
    }

    public void GiveUp() { }
}
