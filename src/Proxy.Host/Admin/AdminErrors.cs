using Proxy.Host.Contracts;

namespace Proxy.Host.Admin;

/// <summary>Middleware that gives every error answer a JSON body which says what was wrong.</summary>
internal static class AdminErrors
{
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= StatusCodes.Status400BadRequest, ContentType: null } response)
            {
                await ApiJson.WriteErrorAsync(context, response.StatusCode, Describe(response.StatusCode));
            }
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            await ApiJson.WriteErrorAsync(context, exception.StatusCode, Describe(exception.StatusCode));
        }
    }

    // The framework's own messages are not sent: they name .NET types and repeat parts of the request.
    private static string Describe(int status) =>
        status switch
        {
            StatusCodes.Status408RequestTimeout => "The request body arrived too slowly.",
            StatusCodes.Status413PayloadTooLarge =>
                "The request body is too large. The limit is 64 KiB, or 4 MiB for /api/configuration/validate.",
            StatusCodes.Status415UnsupportedMediaType => "Send JSON, with Content-Type: application/json.",
            StatusCodes.Status405MethodNotAllowed => $"This path does not support this method. {ApiDocument.Path} lists paths and methods.",
            StatusCodes.Status503ServiceUnavailable => "The host is busy with other requests. Try again later.",
            _ => $"The request body or a parameter is invalid. {ApiDocument.Path} describes what is valid.",
        };

    public static Task NotFoundAsync(HttpContext context) =>
        ApiJson.WriteErrorAsync(
            context,
            StatusCodes.Status404NotFound,
            $"This path does not exist. Valid are /metrics, /healthz/live, /healthz/ready and the paths that {ApiDocument.Path} lists."
        );
}
