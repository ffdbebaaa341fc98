using Proxy.Host.Contracts;

namespace Proxy.Host.Admin;

/// <summary>Says what was wrong with a request that could not be read.</summary>
internal static class AdminErrors
{
    public static async Task UseAsync(HttpContext context, RequestDelegate next)
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

    // The framework's own words name types, and repeat what was sent.
    private static string Describe(int status) =>
        status switch
        {
            StatusCodes.Status408RequestTimeout => "The body came too slowly.",
            StatusCodes.Status413PayloadTooLarge => "The body is too large.",
            StatusCodes.Status415UnsupportedMediaType => "Send JSON, with Content-Type: application/json.",
            StatusCodes.Status405MethodNotAllowed => $"There is something here, but not for this method; see {ApiDocument.Path}.",
            StatusCodes.Status503ServiceUnavailable => "Too much is asked at once; try again.",
            _ => $"The body, or a parameter, is not what belongs there; {ApiDocument.Path} says what does.",
        };

    public static Task NotFoundAsync(HttpContext context) =>
        ApiJson.WriteErrorAsync(
            context,
            StatusCodes.Status404NotFound,
            $"There is nothing here. {ApiDocument.Path} lists what there is, besides /metrics, /healthz/live and /healthz/ready."
        );
}
