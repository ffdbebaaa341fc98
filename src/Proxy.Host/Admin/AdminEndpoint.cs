using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Proxy.Configuration;
using Proxy.Host.Observability;
using Proxy.Host.Observability.Prometheus;

namespace Proxy.Host.Admin;

/// <summary>
/// Health, metrics and the API on an address of their own. Its connections bear a mark, and requests are told apart by it before
/// routing, so that neither YARP's routes nor a forged Host header reach across.
/// </summary>
internal static class AdminEndpoint
{
    private const string Scheme = "Bearer ";

    public static void Listen(KestrelServerOptions kestrel, AdminConfig admin)
    {
        var uri = new Uri(admin.Url);
        _ = ListenAddress.TryParse($"{uri.Host}:{uri.Port}", out var addresses, out _);
        foreach (var address in addresses)
        {
            kestrel.Listen(address.Address!, address.Port, Mark);
        }
    }

    private static void Mark(ListenOptions listen) =>
        listen.Use(static next =>
            connection =>
            {
                connection.Features.Set(new AdminMark());
                return next(connection);
            }
        );

    public static void Use(WebApplication app, AdminConfig admin)
    {
        var token = string.IsNullOrEmpty(admin.Token) ? null : Hash(admin.Token);
        var answer = Build(app.Services);
        app.Use(
            (context, next) =>
                context.Features.Get<AdminMark>() is null ? next(context)
                : Refuses(context, token, admin) is { } refusal ? RefuseAsync(context, refusal)
                : answer(context)
        );
    }

    // A pipeline of its own: its endpoints are not among the application's, nor the other way round.
    private static RequestDelegate Build(IServiceProvider services)
    {
        var inner = new ApplicationBuilder(services);
        inner.UseRouting();
        inner.UseEndpoints(endpoints =>
        {
            endpoints.MapGet("/healthz/live", static context => context.Response.WriteAsync("live\n"));
            endpoints.MapGet("/healthz/ready", Readiness.WriteAsync);
            endpoints.MapGet("/metrics", PrometheusEndpoint.WriteAsync);
            LockApi.Map(endpoints);
            ChannelApi.Map(endpoints);
            MultiplexApi.Map(endpoints);
            ConnectionApi.Map(endpoints);
        });
        inner.Run(NotFound);
        return inner.Build();
    }

    private static (int Status, string Reason)? Refuses(HttpContext context, byte[]? token, AdminConfig admin)
    {
        var request = context.Request;
        // Without a token the address is a loopback, and a web page whose name was made to resolve to it must not read it.
        if (token is null && !IsLocal(request.Host))
        {
            return (StatusCodes.Status421MisdirectedRequest, "Ask for localhost or an IP address.");
        }

        var live = request.Path.Equals("/healthz/live", StringComparison.Ordinal);
        if (token is not null && !live && !IsAllowed(context, token))
        {
            context.Response.Headers.WWWAuthenticate = Scheme.TrimEnd();
            return (StatusCodes.Status401Unauthorized, "A bearer token is required.");
        }

        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        {
            return null;
        }

        return !admin.AllowChanges ? (StatusCodes.Status403Forbidden, "Nothing may be changed here: Admin:AllowChanges is false.")
            // A browser says whose page is asking, and only our own may.
            : request.Headers.Origin is [var origin, ..] && origin != $"{request.Scheme}://{request.Host}"
                ? (StatusCodes.Status403Forbidden, "Pages of other sites may change nothing.")
            : null;
    }

    private static Task RefuseAsync(HttpContext context, (int Status, string Reason) refusal)
    {
        context.Response.StatusCode = refusal.Status;
        return context.Response.WriteAsync($"{refusal.Reason}\n");
    }

    private static Task NotFound(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return context.Response.WriteAsync(
            "There are /healthz/live, /healthz/ready, /metrics, /api/locks, /api/multiplex, /api/channels, /api/members and /api/tunnels.\n"
        );
    }

    private static bool IsLocal(HostString host) =>
        !host.HasValue || string.Equals(host.Host, "localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(host.Host, out _);

    private static bool IsAllowed(HttpContext context, byte[] token)
    {
        var given = context.Request.Headers.Authorization.ToString();
        return given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(Hash(given[Scheme.Length..].TrimStart(' ')), token);
    }

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private sealed class AdminMark;
}
