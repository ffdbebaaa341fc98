using Microsoft.AspNetCore.Http.HttpResults;
using Proxy.Host.Contracts;
using Proxy.Locking;

namespace Proxy.Host.Admin;

/// <summary>The locks: which clients hold permits and which wait; pausing, resuming and the number of permits.</summary>
internal static class LockApi
{
    private const int MostPermits = 1_000_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/locks", static (LockRegistry locks, KnownConditions known) => locks.List().Select(known.With))
            .WithSummary("The locks: which clients hold permits and which wait.");
        api.MapGet("/locks/{route}", One).WithSummary("The lock of one route.");
        api.MapPost(
                "/locks/{route}/pause",
                static (string route, LockRegistry locks, KnownConditions known) => Pause(route, locks, known, paused: true)
            )
            .WithSummary("Stops admitting clients. Clients that hold a permit continue; waiting clients stay in the queue.");
        api.MapPost(
                "/locks/{route}/resume",
                static (string route, LockRegistry locks, KnownConditions known) => Pause(route, locks, known, paused: false)
            )
            .WithSummary("Admits clients again.");
        api.MapPut("/locks/{route}/permits", ChangePermits)
            .WithSummary("Changes the number of permits until the next configuration edit. Fewer permits close no connection.");
    }

    private static Results<Ok<LockStatus>, NotFound<ApiError>> One(string route, LockRegistry locks, KnownConditions known) =>
        locks.Find(route) is { } found ? TypedResults.Ok(known.With(found)) : TypedResults.NotFound(NotFoundError(route));

    private static Results<Ok<LockStatus>, NotFound<ApiError>> Pause(string route, LockRegistry locks, KnownConditions known, bool paused)
    {
        locks.TryPause(route, paused);
        return One(route, locks, known);
    }

    private static Results<Ok<LockStatus>, NotFound<ApiError>, BadRequest<ApiError>> ChangePermits(
        string route,
        PermitsRequest request,
        LockRegistry locks,
        KnownConditions known
    )
    {
        if (request.Permits is < 1 or > MostPermits)
        {
            return TypedResults.BadRequest(new ApiError($"permits must be a number from 1 to {MostPermits}."));
        }

        locks.TryChangePermits(route, request.Permits);
        return locks.Find(route) is { } found ? TypedResults.Ok(known.With(found)) : TypedResults.NotFound(NotFoundError(route));
    }

    private static ApiError NotFoundError(string route) => new($"There is no route '{route}' with a lock.");
}
