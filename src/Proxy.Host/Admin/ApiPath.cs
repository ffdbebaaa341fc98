namespace Proxy.Host.Admin;

/// <summary>Ids in paths of the API.</summary>
internal static class ApiPath
{
    /// <summary>Of all that a path may have escaped, the server leaves the slash alone: an id may have one.</summary>
    public static Task UnescapeAsync(HttpContext context, RequestDelegate next)
    {
        var values = context.Request.RouteValues;
        foreach (var (name, value) in values.ToList())
        {
            if (value is string text && text.Contains("%2F", StringComparison.OrdinalIgnoreCase))
            {
                values[name] = text.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
            }
        }

        return next(context);
    }
}
