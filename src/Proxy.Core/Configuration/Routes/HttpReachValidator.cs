using Microsoft.AspNetCore.Server.Kestrel.Https;
using Proxy.Configuration.Host;
using Proxy.Configuration.Reading;
using ClientCertificates = Proxy.Configuration.Tls.ClientCertificateMode;

namespace Proxy.Configuration.Routes;

/// <summary>
/// Warns of ways to HTTP routes around a TCP route that demands something of its clients: HTTP routes are chosen by host, whatever connection a request comes
/// on, so every other connection without server names reaches the same.
/// </summary>
internal static class HttpReachValidator
{
    /// <param name="config">The section with routes and clusters.</param>
    /// <param name="kestrel">The endpoints of HTTP; null for none.</param>
    /// <param name="problems">Receives the problems.</param>
    public static void Check(ReverseProxyConfig config, KestrelConfig? kestrel, ProblemList problems)
    {
        var routes = config.TcpRoutes.Where(static pair => pair.Value.Mode == TcpMode.Http).ToList();
        if (config.Routes.Count == 0)
        {
            return; // nothing is reached
        }

        Check("Tls:ClientCertificates", AsksForCertificate, HasClientCertificates);
        Check("Limits:AllowNetworks", HasNetworks, static (_, _) => false);

        void Check(string key, Func<TcpRouteConfig, bool> demands, Func<KestrelEndpointConfig, KestrelConfig, bool> isAsStrict)
        {
            var strict = routes.Where(pair => demands(pair.Value)).Select(static pair => pair.Key).FirstOrDefault();
            if (strict is null)
            {
                return;
            }

            foreach (var (id, route) in routes.Where(pair => !demands(pair.Value) && pair.Value.Match is not { ServerNames.Count: > 0 }))
            {
                problems.Warn(
                    $"ReverseProxy:TcpRoutes:{id}",
                    Text(strict, key)
                        + (
                            route.Tls is null
                                ? "serve HTTP in clear elsewhere, or demand the same here."
                                : "say in Match:ServerNames which hosts it is for, or demand the same here."
                        )
                );
            }

            foreach (var (id, _) in kestrel?.Endpoints.Where(pair => !isAsStrict(pair.Value, kestrel)) ?? [])
            {
                problems.Warn(
                    $"Kestrel:Endpoints:{id}",
                    Text(strict, key) + "use a TCP route with Mode Http and Match:ServerNames in its place, or leave it out."
                );
            }
        }
    }

    private static string Text(string route, string key) =>
        $"its requests reach all HTTP routes, which are chosen by host, and so get around {key} of TCP route '{route}'; ";

    private static bool AsksForCertificate(TcpRouteConfig route) => route.Tls?.ClientCertificates == ClientCertificates.Required;

    private static bool HasNetworks(TcpRouteConfig route) => route.Limits is { AllowNetworks: not null, DryRun: false };

    private static bool HasClientCertificates(KestrelEndpointConfig endpoint, KestrelConfig kestrel) =>
        (endpoint.ClientCertificateMode ?? kestrel.EndpointDefaults?.ClientCertificateMode) == ClientCertificateMode.RequireCertificate
        && endpoint.Sni.Values.All(static name => name.ClientCertificateMode is null or ClientCertificateMode.RequireCertificate);
}
