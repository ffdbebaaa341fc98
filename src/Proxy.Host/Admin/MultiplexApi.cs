using Microsoft.AspNetCore.Http.HttpResults;
using Proxy.Host.Contracts;
using Proxy.Multiplexing;

namespace Proxy.Host.Admin;

/// <summary>The multiplexed destinations: clients, waiting requests, requests in flight and errors; renewing the upstream connections.</summary>
internal static class MultiplexApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/multiplex", static (MultiplexRegistry multiplexers, KnownConditions known) => multiplexers.Status.Select(known.With))
            .WithSummary("The multiplexed destinations: clients, waiting requests, requests in flight and errors.");
        api.MapGet("/multiplex/{cluster}/{destination}", One).WithSummary("One multiplexed destination.");
        api.MapPost("/multiplex/{cluster}/{destination}/renew", Renew)
            .WithSummary("Replaces the upstream connections of a destination, each one after its current exchange.");
    }

    private static Results<Ok<MultiplexStatus>, NotFound<ApiError>> Renew(
        string cluster,
        string destination,
        MultiplexRegistry multiplexers,
        KnownConditions known
    )
    {
        multiplexers.Renew(cluster, destination);
        return One(cluster, destination, multiplexers, known);
    }

    private static Results<Ok<MultiplexStatus>, NotFound<ApiError>> One(
        string cluster,
        string destination,
        MultiplexRegistry multiplexers,
        KnownConditions known
    ) =>
        multiplexers.Find(cluster, destination) is { } found
            ? TypedResults.Ok(known.With(found))
            : TypedResults.NotFound(new ApiError($"There is no multiplexed destination '{destination}' in a cluster '{cluster}'."));
}
