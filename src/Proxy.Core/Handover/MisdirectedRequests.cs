using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Proxy.Diagnostics;

namespace Proxy.Handover;

/// <summary>
/// Answers 421 to requests for a host that is none of the server names of the route by which their connection came (RFC 9110, 15.5.20). It comes before all
/// else of the application, so that nothing is chosen by such a host, and no application can forget it.
/// </summary>
internal sealed class MisdirectedRequests(RequestMetrics metrics, AccessLog accessLog) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
        app =>
        {
            app.Use(InvokeAsync);
            next(app);
        };

    private Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<ServedNames>() is not { } names || names.Fit(context.Request.Host.Host))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
        var record = new RequestRecord
        {
            Id = context.TraceIdentifier,
            Local = EndPointOf(context.Connection.LocalIpAddress, context.Connection.LocalPort),
            Client = EndPointOf(context.Connection.RemoteIpAddress, context.Connection.RemotePort),
            Method = context.Request.Method,
            Path = context.Request.Path.Value ?? "",
            Status = StatusCodes.Status421MisdirectedRequest,
            Outcome = ConnectionOutcome.NoRoute,
            Duration = TimeSpan.Zero,
        };
        metrics.Started(null, null);
        metrics.Ended(record);
        accessLog.Write(record);
        return Task.CompletedTask;
    }

    // A client on a unix socket has no address.
    private static IPEndPoint? EndPointOf(IPAddress? address, int port) =>
        address is null ? null : new(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port);
}
