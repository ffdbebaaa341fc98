using Yarp.ReverseProxy.Forwarder;

namespace Proxy.Host.Http;

/// <summary>Ends requests after their route's Timeout, with 504.</summary>
internal static class RouteTimeouts
{
    public static void Use(WebApplication app)
    {
        app.Use(
            static async (context, next) =>
            {
                await next(context);
                // YARP takes every cancellation for the client's and answers 400. Out here the token is the client's own again.
                var error = context.Features.Get<IForwarderErrorFeature>()?.Error;
                if (
                    error is ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled
                    && !context.RequestAborted.IsCancellationRequested
                    && !context.Response.HasStarted
                )
                {
                    context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
                }
            }
        );
        app.UseRequestTimeouts();
    }
}
