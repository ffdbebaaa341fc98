using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Connections;
using Proxy.Routes;

namespace Proxy;

/// <summary>Runs TCP routes on endpoints of Kestrel.</summary>
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
}
