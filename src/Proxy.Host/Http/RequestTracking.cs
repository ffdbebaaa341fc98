using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Proxy.Configuration.Reading;
using Proxy.Connections;
using Proxy.Diagnostics;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Proxy.Host.Http;

/// <summary>
/// Counts the requests of YARP's routes, writes each to the access log, and each that failed to the log, in one line. It runs after routing and outside of
/// what answers.
/// </summary>
internal sealed partial class RequestTracking(
    ForwardedBytes forwarded,
    RequestMetrics metrics,
    AccessLog accessLog,
    TimeProvider time,
    ILogger<RequestTracking> logger
)
{
    private const string AccessLogKey = "AccessLog"; // in the metadata of a route, since its keys are YARP's

    public static void AddTo(IServiceCollection services)
    {
        services.AddSingleton<ForwardedBytes>();
        services.AddSingleton<RequestTracking>();
    }

    /// <summary>Gives each connection of an endpoint the promise of a descriptor for its destination.</summary>
    public static void AddTo(ListenOptions listen)
    {
        if (listen.EndPoint is AdminAddress)
        {
            return; // it has places of its own
        }

        var resources = listen.ApplicationServices.GetRequiredService<Resources>();
        listen.Use(next =>
            connection =>
            {
                connection.Features.Set(new HttpPromise(resources));
                return next(connection);
            }
        );
    }

    public static void Use(WebApplication app)
    {
        var tracking = app.Services.GetRequiredService<RequestTracking>();
        app.Use(tracking.InvokeAsync);
    }

    private async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var route = context.GetEndpoint()?.Metadata.GetMetadata<RouteModel>()?.Config;
        var started = time.GetTimestamp();
        var copied = ForwardedBytes.IsSupported ? forwarded.Begin(Transferred) : null; // null: not known

        void Transferred(long received, long sent) => metrics.Transferred(route?.RouteId, route?.ClusterId, received, sent);

        metrics.Started(route?.RouteId, route?.ClusterId);
        var promise = route is null ? null : context.Features.Get<HttpPromise>();
        promise?.Began();
        Exception? thrown = null;
        try
        {
            await next(context);
        }
        catch (Exception exception)
        {
            thrown = exception;
            throw;
        }
        finally
        {
            promise?.Ended();
            var request = Describe(context, route?.RouteId, route?.ClusterId, thrown) with
            {
                BytesIn = copied?.Received,
                BytesOut = copied?.Sent,
                Duration = time.GetElapsedTime(started),
                AccessLog = !IsFalse(route?.Metadata?.GetValueOrDefault(AccessLogKey)),
            };
            metrics.Ended(request);
            accessLog.Write(request);
            Report(request);
        }
    }

    private static RequestRecord Describe(HttpContext context, string? routeId, string? clusterId, Exception? thrown)
    {
        var error = context.Features.Get<IForwarderErrorFeature>();
        var isGone = context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted;
        var connection = context.Connection;
        return new()
        {
            Id = context.TraceIdentifier,
            Local = EndPointOf(connection.LocalIpAddress, connection.LocalPort),
            RouteId = routeId,
            ClusterId = clusterId,
            DestinationId = context.Features.Get<IReverseProxyFeature>()?.ProxiedDestination?.DestinationId,
            Client = EndPointOf(connection.RemoteIpAddress, connection.RemotePort),
            Method = context.Request.Method,
            Path = context.Request.Path.Value ?? "",
            Status = isGone ? null : context.Response.StatusCode,
            Outcome = Outcome(context, routeId, error, thrown),
            DestinationAddress = context.Features.Get<IReverseProxyFeature>()?.ProxiedDestination?.Model.Config.Address,
            IsAnswered = IsAnswered(context, error?.Error ?? ForwarderError.None),
            Error = error?.Error is { } word and not ForwarderError.None ? word.ToString() : null,
            Reason = error is null or { Error: ForwarderError.None } ? null : Reason(error.Exception),
            Duration = default,
        };
    }

    private static ConnectionOutcome Outcome(HttpContext context, string? routeId, IForwarderErrorFeature? error, Exception? thrown) =>
        error?.Error switch
        {
            null or ForwarderError.None => thrown is not null ? ConnectionOutcome.InternalError
            : routeId is null ? ConnectionOutcome.NoRoute
            : ConnectionOutcome.Completed,
            ForwarderError.NoAvailableDestinations => ConnectionOutcome.NoDestination,
            ForwarderError.Request => IsDial(error.Exception) ? ConnectionOutcome.ConnectFailed : ConnectionOutcome.UpstreamReset,
            ForwarderError.RequestTimedOut => IsDial(error.Exception) ? ConnectionOutcome.ConnectFailed : ConnectionOutcome.ResponseTimeout,
            ForwarderError.RequestCanceled
            or ForwarderError.RequestBodyCanceled
            or ForwarderError.ResponseBodyCanceled
            or ForwarderError.UpgradeRequestCanceled
            or ForwarderError.UpgradeResponseCanceled => context.RequestAborted.IsCancellationRequested
                ? ConnectionOutcome.ClientReset
                : ConnectionOutcome.ResponseTimeout, // the route's Timeout
            ForwarderError.RequestBodyClient
            or ForwarderError.ResponseBodyClient
            or ForwarderError.UpgradeRequestClient
            or ForwarderError.UpgradeResponseClient => ConnectionOutcome.ClientReset,
            ForwarderError.RequestBodyDestination
            or ForwarderError.ResponseBodyDestination
            or ForwarderError.UpgradeRequestDestination
            or ForwarderError.UpgradeResponseDestination => ConnectionOutcome.UpstreamReset,
            ForwarderError.ResponseHeaders => ConnectionOutcome.ProtocolError,
            ForwarderError.UpgradeActivityTimeout => ConnectionOutcome.IdleTimeout,
            _ => ConnectionOutcome.InternalError,
        };

    // .NET's HTTP client tells a ConnectTimeout by the inner TimeoutException. A timeout of YARP's has none.
    private static bool IsDial(Exception? exception) =>
        exception
            is HttpRequestException
                {
                    HttpRequestError: HttpRequestError.ConnectionError
                        or HttpRequestError.NameResolutionError
                        or HttpRequestError.SecureConnectionError
                }
                or OperationCanceledException { InnerException: TimeoutException };

    // Errors of the body of a response and of an upgraded connection come after the headers.
    private static bool IsAnswered(HttpContext context, ForwarderError error) =>
        error switch
        {
            ForwarderError.None => context.Features.Get<IReverseProxyFeature>()?.ProxiedDestination is not null,
            ForwarderError.ResponseHeaders
            or ForwarderError.ResponseBodyCanceled
            or ForwarderError.ResponseBodyClient
            or ForwarderError.ResponseBodyDestination
            or ForwarderError.UpgradeRequestCanceled
            or ForwarderError.UpgradeRequestClient
            or ForwarderError.UpgradeRequestDestination
            or ForwarderError.UpgradeResponseCanceled
            or ForwarderError.UpgradeResponseClient
            or ForwarderError.UpgradeResponseDestination
            or ForwarderError.UpgradeActivityTimeout => true,
            _ => false,
        };

    // A client on a unix socket has no address.
    private static IPEndPoint? EndPointOf(IPAddress? address, int port) =>
        address is null ? null : new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port);

    private static bool IsFalse(string? text) => bool.TryParse(text, out var value) && !value;

    private void Report(RequestRecord request)
    {
        if (request.Error is not { } error)
        {
            return;
        }

        var level = request.Outcome == ConnectionOutcome.ClientReset ? LogLevel.Debug : LogLevel.Warning;
        if (!logger.IsEnabled(level))
        {
            return;
        }

        var (method, path) = (Printable.Shorten(request.Method), Printable.Shorten(request.Path));
        Log.Failed(logger, level, request.RouteId, method, path, request.DestinationId, error, request.Reason!, request.Status);
    }

    private static string Reason(Exception? exception) =>
        exception is null ? "no destination is available"
        : exception is AggregateException { InnerExceptions: [var first, ..] } ? Reason(first)
        : exception is OperationCanceledException { InnerException: TimeoutException late } ? Printable.Shorten(late.Message)
        : exception.GetBaseException() is SocketException socket ? Printable.Shorten($"{socket.Message}")
        : Printable.Shorten(exception.Message);

    private static partial class Log
    {
        [LoggerMessage(
            "Route {Route}: {Method} {Path} to destination {Destination} failed: {Error}: {Reason}. The client got the status {Status}."
        )]
        public static partial void Failed(
            ILogger logger,
            LogLevel level,
            string? route,
            string method,
            string path,
            string? destination,
            string error,
            string reason,
            int? status
        );
    }
}
