using Proxy.Configuration.Reading;
using Proxy.Configuration.Tls;

namespace Proxy.Configuration.Routes;

/// <summary>Checks routes with Mode Http. What their requests reach is said by YARP's routes.</summary>
internal static class HttpModeValidator
{
    private static readonly string[] _spoken = ["Http"];

    /// <param name="config">The section with routes and clusters.</param>
    /// <param name="servesHttp">Whether an HTTP server serves such routes.</param>
    /// <param name="problems">Receives the problems.</param>
    public static void Check(ReverseProxyConfig config, bool servesHttp, ProblemList problems)
    {
        foreach (var (id, route) in config.TcpRoutes.Where(static pair => pair.Value.Mode == TcpMode.Http))
        {
            var path = $"ReverseProxy:TcpRoutes:{id}";
            if (!servesHttp)
            {
                problems.Error(
                    $"{path}:Mode",
                    "'Http' needs an HTTP server that serves the route, and the application has none; call ListenHttpRoutes() where it configures Kestrel."
                );
            }

            CheckTarget(route, path, problems);
            if (route.Tls is { } tls)
            {
                CheckTls(tls, route.Match, path, problems);
            }
            else
            {
                CheckMatch(route.Match, $"{path}:Match", problems);
            }

            if (route.HasHalfCloseTimeout)
            {
                problems.Warn(
                    $"{path}:HalfCloseTimeout",
                    "has no effect with Mode Http: of a request the end of the client's bytes is the end of the client, and a WebSocket has 5 minutes; leave it out."
                );
            }

            if (config.Routes.Count == 0)
            {
                problems.Warn(
                    path,
                    "there is no HTTP route, so each of its requests gets the status 404; add one under ReverseProxy:Routes."
                );
            }
        }
    }

    private static void CheckTarget(TcpRouteConfig route, string path, ProblemList problems)
    {
        if (route.ClusterId is not null)
        {
            problems.Consequence(
                $"{path}:ClusterId",
                "is not for Mode Http: each request goes to the cluster of the HTTP route that takes it (ReverseProxy:Routes); leave it out.",
                $"{path}:Mode"
            );
        }

        if (route.Connector is not null)
        {
            problems.Consequence(
                $"{path}:Connector",
                "is not for Mode Http; name it as the Connector of a cluster that HTTP routes use (ReverseProxy:Routes), and leave it out here.",
                $"{path}:Mode"
            );
        }
    }

    // Whatever else is agreed on, or begins within TLS, Kestrel would take for HTTP.
    private static void CheckTls(RouteTlsConfig tls, TcpRouteMatchConfig? match, string path, ProblemList problems)
    {
        if (match?.Protocols.FirstOrDefault(static one => !one.Equals("Tls", StringComparison.OrdinalIgnoreCase)) is { } other)
        {
            problems.Consequence(
                $"{path}:Match:Protocols",
                $"'{ScalarReader.Shorten(other)}' is not for Mode Http with Tls, which serves HTTP within TLS; write 'Tls', or leave it out.",
                $"{path}:Tls"
            );
        }

        if (tls.AlpnProtocols.Count > 0 && !tls.AlpnProtocols.Intersect(EffectiveTls.HttpProtocols, StringComparer.Ordinal).Any())
        {
            problems.Consequence(
                $"{path}:Tls:AlpnProtocols",
                "has no protocol that Mode Http serves; write 'h2', 'http/1.1' or both, or leave it out.",
                $"{path}:Mode"
            );
        }
    }

    // Kestrel would answer the bytes of any other protocol as a bad request.
    private static void CheckMatch(TcpRouteMatchConfig? match, string path, ProblemList problems)
    {
        if (match is null)
        {
            return;
        }

        if (match.Protocols.Except(_spoken, StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } other)
        {
            problems.Consequence(
                $"{path}:Protocols",
                $"'{ScalarReader.Shorten(other)}' is not for Mode Http, which serves HTTP in clear; write 'Http', or leave it out."
            );
        }

        foreach (
            var (key, values) in new[]
            {
                (nameof(match.ServerNames), match.ServerNames),
                (nameof(match.AlpnProtocols), match.AlpnProtocols),
            }
        )
        {
            if (values.Count > 0)
            {
                problems.Consequence(
                    $"{path}:{key}",
                    "is for TLS, and Mode Http serves HTTP in clear; let an HTTP route match names by its Hosts (ReverseProxy:Routes), and leave it out here."
                );
            }
        }
    }
}
