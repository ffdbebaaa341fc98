namespace Proxy.Host.Admin;

/// <summary>Ids in paths of the API.</summary>
internal static class ApiPath
{
    /// <summary>The id in a part of the path. Of all that a path may have escaped, the server leaves the slash alone.</summary>
    public static string Id(HttpContext context, string part) =>
        ((string)context.Request.RouteValues[part]!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}
