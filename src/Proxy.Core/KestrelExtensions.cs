using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Connections;
using Proxy.Handover;
using Proxy.Routes;

namespace Proxy;

/// <summary>Runs TCP routes on endpoints of Kestrel, and lets Kestrel serve those with Mode Http.</summary>
public static class KestrelExtensions
{
    /// <summary>
    /// Listens on an address with the proxy's own transport, and passes its connections to a route, which needs no <c>Listen</c>.
    /// </summary>
    /// <param name="kestrel">The options of Kestrel.</param>
    /// <param name="address">An IP or unix socket address.</param>
    /// <param name="routeId">The id of a TCP route.</param>
    public static void ListenTcpProxy(this KestrelServerOptions kestrel, EndPoint address, string routeId)
    {
        ArgumentNullException.ThrowIfNull(kestrel);
        kestrel.Listen(new ListenEndPoint(address), listen => listen.UseTcpProxy(routeId));
    }

    /// <summary>
    /// Passes the connections of a Kestrel endpoint to a route. The endpoint's transport has limits: Kestrel's sockets cannot half-close,
    /// and read ahead before a destination is connected.
    /// </summary>
    /// <param name="listen">The endpoint.</param>
    /// <param name="routeId">The id of a TCP route.</param>
    /// <returns>The endpoint.</returns>
    public static ListenOptions UseTcpProxy(this ListenOptions listen, string routeId)
    {
        ArgumentNullException.ThrowIfNull(listen);
        var mounted = listen.ApplicationServices.GetRequiredService<MountedRoutes>();
        mounted.Add(routeId);
        listen.Run(connection => mounted.OnConnectionAsync(connection, routeId));
        return listen;
    }

    /// <summary>
    /// Has Kestrel serve the connections of TCP routes with Mode Http, those that edits add later included. No address is bound. Kestrel counts it as an
    /// endpoint, so that its default address is not used; its limits apply.
    /// </summary>
    /// <param name="kestrel">The options of Kestrel.</param>
    public static void ListenHttpRoutes(this KestrelServerOptions kestrel)
    {
        ArgumentNullException.ThrowIfNull(kestrel);
        var handover = kestrel.ApplicationServices.GetRequiredService<HttpHandover>();
        if (handover.Limits is not null)
        {
            return;
        }

        handover.Limits = kestrel.Limits;
        var hasDefault = kestrel.ConfigurationLoader?.Configuration["EndpointDefaults:Protocols"] is not null;
        kestrel.Listen(
            new HandoverEndPoint(handover.ByAlpn),
            listen =>
            {
                // Whatever Kestrel:EndpointDefaults says, which is for endpoints with an address. Where it says nothing, both versions are the default, and
                // Kestrel warns of HTTP/2 without TLS only where they are set.
                if (hasDefault || listen.Protocols != HttpProtocols.Http1AndHttp2)
                {
                    listen.Protocols = HttpProtocols.Http1AndHttp2;
                }

                Accept(listen);
            }
        );

        // Without TLS nothing tells the version but the first bytes, and one endpoint of Kestrel serves one version then.
        kestrel.Listen(
            new HandoverEndPoint(handover.Http2),
            static listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                Accept(listen);
            }
        );

        static void Accept(ListenOptions listen) =>
            listen.Use(next =>
                connection =>
                {
                    ((HandedConnection)connection).Accepted();
                    return next(connection);
                }
            );
    }
}
