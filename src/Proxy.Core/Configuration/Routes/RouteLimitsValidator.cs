using Proxy.Configuration.Networks;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Routes;

/// <summary>Checks the limits of routes.</summary>
internal static class RouteLimitsValidator
{
    /// <summary>Checks the routes.</summary>
    /// <returns>The limits of each TCP route that has some, by its id; their networks are parsed here only.</returns>
    public static IReadOnlyDictionary<string, RouteLimits> Check(IReadOnlyDictionary<string, TcpRouteConfig> routes, ProblemList problems)
    {
        var limits = new Dictionary<string, RouteLimits>(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, route) in routes)
        {
            if (route.Limits is { } values)
            {
                var path = $"ReverseProxy:TcpRoutes:{id}:Limits";
                limits[id] = new(values, NetworkRules.Read(values.AllowNetworks, values.DenyNetworks, path, problems));
                WarnAboutUseless(values, path, problems);
                if (route.Mode == TcpMode.Multiplex && values.BytesPerSecondPerConnection is not null)
                {
                    problems.Consequence(
                        $"{path}:BytesPerSecondPerConnection",
                        "is for modes that pass bytes on; Multiplex passes requests, whose number MaxInFlight and RequestDelay of the cluster limit; leave it out.",
                        $"ReverseProxy:TcpRoutes:{id}:Mode"
                    );
                }
            }
        }

        return limits;
    }

    private static void WarnAboutUseless(RouteLimitsConfig values, string path, ProblemList problems)
    {
        Compare(values.MaxConnectionsPerSource, values.MaxConnections, nameof(values.MaxConnections));
        Compare(values.ConnectionsPerSecondPerSource, values.ConnectionsPerSecond, nameof(values.ConnectionsPerSecond));

        void Compare(int? perSource, int? all, string key)
        {
            if (perSource > all)
            {
                problems.Warn($"{path}:{key}PerSource", $"{perSource} is never reached, since {key} is {all}; lower it, or leave it out.");
            }
        }
    }
}
