using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Proxy.Host.Admin;

/// <summary>Decodes ids in paths of the API.</summary>
internal static class ApiPath
{
    /// <summary>
    /// Middleware that decodes ids with escaped slashes. The server decodes every escape in a path except %2F. A remaining %2F can
    /// therefore be an escaped slash or a decoded %252F, so such an id is decoded from the path as it was sent.
    /// </summary>
    public static Task UnescapeAsync(HttpContext context, RequestDelegate next)
    {
        var pattern = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern;
        foreach (var (index, segment) in (pattern?.PathSegments ?? []).Index())
        {
            if (segment.Parts is [RoutePatternParameterPart { Name: var name }])
            {
                Unescape(context, name, pattern!.PathSegments.Count - index);
            }
        }

        return next(context);
    }

    private static void Unescape(HttpContext context, string name, int fromEnd)
    {
        var values = context.Request.RouteValues;
        if (values[name] is string text && text.Contains("%2F", StringComparison.OrdinalIgnoreCase))
        {
            var sent = Sent(context);
            var id = sent.Length < fromEnd ? text : Uri.UnescapeDataString(sent[^fromEnd]);
            values[name] = Slashes(id) == Slashes(text) ? id : text; // different if the server has removed dot segments ("..") after the id
        }
    }

    private static string Slashes(string text) => text.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    // Segments are counted from the end, because the absolute form (RFC 9112, 3.2.2) and dot segments change the start.
    private static string[] Sent(HttpContext context) =>
        (context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "").Split('?')[0].TrimEnd('/').Split('/');
}
