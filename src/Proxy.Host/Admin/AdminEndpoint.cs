using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Proxy.Configuration;
using Proxy.Host.Observability;

namespace Proxy.Host.Admin;

/// <summary>
/// Health and metrics on an address of their own. Its connections bear a mark, and requests are told apart by it before
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
        app.Use((context, next) => context.Features.Get<AdminMark>() is null ? next(context) : AnswerAsync(context, token));
    }

    private static Task AnswerAsync(HttpContext context, byte[]? token)
    {
        // Without a token the address is a loopback, and a web page whose name was made to resolve to it must not read it.
        if (token is null && !IsLocal(context.Request.Host))
        {
            context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
            return context.Response.WriteAsync("Ask for localhost or an IP address.\n");
        }

        var live = context.Request.Path.Equals("/healthz/live", StringComparison.Ordinal);
        if (token is not null && !live && !IsAllowed(context, token))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = Scheme.TrimEnd();
            return Task.CompletedTask;
        }

        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return Task.CompletedTask;
        }

        return context.Request.Path.Value switch
        {
            "/healthz/live" => context.Response.WriteAsync("live\n"),
            "/healthz/ready" => Readiness.WriteAsync(context),
            "/metrics" => PrometheusText.WriteAsync(context),
            _ => NotFound(context),
        };
    }

    private static Task NotFound(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return context.Response.WriteAsync("There are /healthz/live, /healthz/ready and /metrics.\n");
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
