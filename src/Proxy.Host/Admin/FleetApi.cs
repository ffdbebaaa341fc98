using Microsoft.AspNetCore.Http.HttpResults;
using Proxy.Host.Contracts;

namespace Proxy.Host.Admin;

/// <summary>The fleet: which configuration each host runs, and what all hosts drain.</summary>
internal static class FleetApi
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/fleet", Read)
            .WithSummary(
                "The hosts that share the engine, which configuration each runs, and what all of them drain; 404 without an engine."
            );

    private static Results<Ok<FleetAnswer>, NotFound<ApiError>> Read(FleetReader fleet) =>
        fleet.Read() is { } found
            ? TypedResults.Ok(found)
            : TypedResults.NotFound(new ApiError("This host is in no fleet: its configuration has no section Engine."));
}
