using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Proxy.Host.Admin;

/// <summary>Ids in paths of the API.</summary>
internal static class ApiPath
{
    /// <summary>
    /// Of all that a path may have escaped, the server leaves the slash alone: an id may have one. What is left as %2F may have been
    /// %252F too, so that such an id is read from what was sent.
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
            values[name] = Slashes(id) == Slashes(text) ? id : text; // otherwise the server has taken away dots behind it
        }
    }

    private static string Slashes(string text) => text.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    // Counted from the end: the absolute form, and dots, make the start another.
    private static string[] Sent(HttpContext context) =>
        (context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "").Split('?')[0].TrimEnd('/').Split('/');
}
