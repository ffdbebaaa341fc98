using Proxy.Host.Contracts;

namespace Proxy.Host.Dashboard;

/// <summary>
/// Serves the files of the dashboard on the admin address. They contain no data of the host, so they need no token; the page asks the
/// operator for it and sends it with its API requests.
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
                        : ApiJson.WriteErrorAsync(context, StatusCodes.Status404NotFound, "The dashboard has no file with this name.")
            )
            .ExcludeFromDescription();
    }
}
