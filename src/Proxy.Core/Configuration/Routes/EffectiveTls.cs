using Proxy.Configuration.Tls;

namespace Proxy.Configuration.Routes;

/// <summary>How routes terminate TLS, with what their mode decides.</summary>
internal static class EffectiveTls
{
    // What Kestrel speaks, which browsers have to be told.
    private static readonly string[] _ofHttp = ["h2", "http/1.1"];

    /// <summary>What Mode Http decides, in words.</summary>
    public const string OfHttp = "with Mode Http, AlpnProtocols is h2, http/1.1 unless written, and RequireCloseNotify is false";

    /// <summary>The application protocols that Mode Http serves, the preferred one first.</summary>
    public static IReadOnlyList<string> HttpProtocols => _ofHttp;

    /// <summary>The settings in effect; null for a route that does not terminate TLS.</summary>
    public static RouteTlsConfig? Of(TcpRouteConfig route) =>
        route is { Mode: TcpMode.Http, Tls: { } tls }
            ? tls with
            {
                AlpnProtocols = tls.AlpnProtocols.Count > 0 ? tls.AlpnProtocols : _ofHttp,

                // HTTP itself tells where its messages end, and many clients send no close_notify, which servers ought to be prepared for (RFC 9112, 9.8).
                RequireCloseNotify = false,
            }
            : route.Tls;
}
