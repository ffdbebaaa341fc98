using Yarp.ReverseProxy.Forwarder;

namespace Proxy.Host.Http;

/// <summary>Ends a request with status 504 when the Timeout of its route expires.</summary>
internal static class RouteTimeouts
{
    public static void Use(WebApplication app)
    {
        app.Use(
            static async (context, next) =>
            {
                await next(context);
                // YARP answers 400 to every cancellation, as if the client had cancelled. Outside of the timeout middleware,
                // RequestAborted is the client's own token again, which tells the two apart.
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
