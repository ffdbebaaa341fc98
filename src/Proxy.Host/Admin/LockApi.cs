using Proxy.Locking;

namespace Proxy.Host.Admin;

/// <summary>The locks: who holds and who waits; pause, resume, another number of permits.</summary>
internal static class LockApi
{
    private const int MostPermits = 1_000_000;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/locks", static context => ApiJson.WriteAsync(context, Locks(context).List()));
        endpoints.MapGet("/api/locks/{route}", static context => WriteAsync(context, Route(context)));
        endpoints.MapPost("/api/locks/{route}/pause", static context => PauseAsync(context, paused: true));
        endpoints.MapPost("/api/locks/{route}/resume", static context => PauseAsync(context, paused: false));
        endpoints.MapPut("/api/locks/{route}/permits", ChangePermitsAsync);
    }

    private static Task PauseAsync(HttpContext context, bool paused)
    {
        Locks(context).TryPause(Route(context), paused);
        return WriteAsync(context, Route(context));
    }

    private static async Task ChangePermitsAsync(HttpContext context)
    {
        if (await ApiJson.ReadAsync<PermitsRequest>(context) is not { Permits: >= 1 and <= MostPermits } request)
        {
            await ApiJson.WriteErrorAsync(context, StatusCodes.Status400BadRequest, $"Send {{ \"permits\": 1 to {MostPermits} }}.");
            return;
        }

        Locks(context).TryChangePermits(Route(context), request.Permits);
        await WriteAsync(context, Route(context));
    }

    private static Task WriteAsync(HttpContext context, string route) =>
        Locks(context).Find(route) is { } found
            ? ApiJson.WriteAsync(context, found)
            : ApiJson.WriteErrorAsync(context, StatusCodes.Status404NotFound, $"No route '{route}' has a lock.");

    private static string Route(HttpContext context) => ApiPath.Id(context, "route");

    private static LockRegistry Locks(HttpContext context) => context.RequestServices.GetRequiredService<LockRegistry>();

    private sealed record PermitsRequest(int Permits);
}
