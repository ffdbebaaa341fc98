using Microsoft.AspNetCore.Http.HttpResults;
using Proxy.Host.Contracts;
using Proxy.Multiplexing;

namespace Proxy.Host.Admin;

/// <summary>The multiplexers, by destination: clients, what waits, what is in flight, what went wrong; renewing the upstream connections.</summary>
internal static class MultiplexApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/multiplex", static (MultiplexRegistry multiplexers) => multiplexers.Status)
            .WithSummary("The multiplexed destinations: clients, what waits, what is in flight, what went wrong.");
        api.MapGet("/multiplex/{cluster}/{destination}", One).WithSummary("One multiplexed destination.");
        api.MapPost("/multiplex/{cluster}/{destination}/renew", Renew)
            .WithSummary("Replaces the upstream connections of a destination, each after the exchange it is in.");
    }

    private static Results<Ok<MultiplexStatus>, NotFound<ApiError>> Renew(
        string cluster,
        string destination,
        MultiplexRegistry multiplexers
    )
    {
        multiplexers.Renew(cluster, destination);
        return One(cluster, destination, multiplexers);
    }

    private static Results<Ok<MultiplexStatus>, NotFound<ApiError>> One(
        string cluster,
        string destination,
        MultiplexRegistry multiplexers
    ) =>
        multiplexers.Find(cluster, destination) is { } found
            ? TypedResults.Ok(found)
            : TypedResults.NotFound(new ApiError($"No destination '{destination}' of a cluster '{cluster}' is multiplexed."));
}
