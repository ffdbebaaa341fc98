using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Proxy.Host.Demo;

/// <summary>A small web site on 127.0.0.1:17001, the upstream of the demo's HTTP routes.</summary>
internal static class DemoSite
{
    private const int Port = 17001;

    /// <summary>The address of the site.</summary>
    public static Uri Address { get; } = new UriBuilder(Uri.UriSchemeHttp, IPAddress.Loopback.ToString(), Port).Uri;

    public static void Listen(KestrelServerOptions kestrel) =>
        kestrel.Listen(
            IPAddress.Loopback,
            Port,
            static listen =>
                listen.Use(static next =>
                    connection =>
                    {
                        connection.Features.Set(new DemoMark());
                        return next(connection);
                    }
                )
        );

    public static void Use(WebApplication app) =>
        app.Use(
            static (context, next) =>
                context.Features.Get<DemoMark>() is null
                    ? next(context)
                    : context.Response.WriteAsync($"Hello from the demo site; you asked for {context.Request.Path}.\n")
        );

    private sealed class DemoMark;
}
