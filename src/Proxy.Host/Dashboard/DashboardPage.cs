using Proxy.Host.Contracts;

namespace Proxy.Host.Dashboard;

/// <summary>
/// The dashboard at the admin address: files and nothing else. They hold no data, so they need no token; the page asks for one and
/// sends it with what it asks the API.
/// </summary>
internal static class DashboardPage
{
    private static readonly string[] _methods = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var files = DashboardFile.ReadAll();
        var index = files[DashboardFile.Index];
        endpoints.MapMethods("/", _methods, index.WriteAsync).ExcludeFromDescription();
        endpoints
            .MapMethods(
                "/dashboard/{**path}",
                _methods,
                context =>
                    files.GetValueOrDefault((string?)context.Request.RouteValues["path"] ?? "") is { } file
                        ? file.WriteAsync(context)
                        : ApiJson.WriteErrorAsync(context, StatusCodes.Status404NotFound, "The dashboard has no such file.")
            )
            .ExcludeFromDescription();
    }
}
