using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using OpenTelemetry.Trace;

namespace Proxy.Host.Observability;

/// <summary>The spans that ASP.NET Core makes of requests, by the rules of OpenTelemetry's conventions for HTTP.</summary>
internal static class RequestSpans
{
    private const string Suppress = "Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData";
    private const int FirstFault = 500;

    /// <summary>Gives them the attributes that .NET 10 holds back unless asked.</summary>
    public static void Enable() => AppContext.SetSwitch(Suppress, false);

    /// <summary>Gives them what .NET 10 does not: the route in the name, and how the request ended.</summary>
    public static void Use(WebApplication app)
    {
        if (app.Services.GetService<TracerProvider>() is not null)
        {
            app.Use(DescribeAsync);
        }
    }

    /// <summary>Leaves a request out: scrapes and probes come every few seconds, and their traces are of no use.</summary>
    public static void LeaveOut(HttpContext context)
    {
        if (Of(context) is { } span)
        {
            span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            span.IsAllDataRequested = false;
        }
    }

    private static async Task DescribeAsync(HttpContext context, RequestDelegate next)
    {
        string? error = null;
        try
        {
            await next(context);
        }
        catch (Exception exception)
        {
            error = exception.GetType().FullName;
            throw;
        }
        finally
        {
            if (Of(context) is { IsAllDataRequested: true } span)
            {
                Describe(span, context, error);
            }
        }
    }

    private static void Describe(Activity span, HttpContext context, string? error)
    {
        var method = span.GetTagItem("http.request.method") as string ?? "HTTP";
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        span.DisplayName = route is null ? method : $"{method} {route}";
        span.SetTag("http.route", route);
        if (error is null)
        {
            var status = context.Response.StatusCode;
            span.SetTag("http.response.status_code", status);
            error = status >= FirstFault ? $"{status}" : null;
        }

        if (error is not null)
        {
            span.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error);
        }
    }

    // Not the current one: what runs inside may have one of its own.
    private static Activity? Of(HttpContext context) => context.Features.Get<IHttpActivityFeature>()?.Activity;
}
