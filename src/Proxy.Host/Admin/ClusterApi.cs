using Microsoft.AspNetCore.Http.HttpResults;
using Proxy.Engine;
using Proxy.Host.Contracts;
using Proxy.Revisions;
using DrainAnswer = Microsoft.AspNetCore.Http.HttpResults.Results<
    Microsoft.AspNetCore.Http.HttpResults.Ok<Proxy.Revisions.DestinationStatus>,
    Microsoft.AspNetCore.Http.HttpResults.NoContent,
    Microsoft.AspNetCore.Http.HttpResults.BadRequest<Proxy.Host.Contracts.ApiError>,
    Microsoft.AspNetCore.Http.HttpResults.NotFound<Proxy.Host.Contracts.ApiError>,
    Microsoft.AspNetCore.Http.HttpResults.JsonHttpResult<Proxy.Host.Contracts.ApiError>
>;

namespace Proxy.Host.Admin;

/// <summary>The clusters and the health of their destinations; draining destinations and closing their connections.</summary>
internal static class ClusterApi
{
    private const string Destination = "/clusters/{id}/destinations/{destination}";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(
                "/clusters",
                static (ClusterRegistry clusters, KnownConditions known, CertificateInventory certificates) =>
                    clusters.WithTraffic(clusters.List()).Select(known.With).Select(cluster => With(cluster, certificates))
            )
            .WithSummary("The clusters and their destinations.");
        api.MapGet("/clusters/{id}", One).WithSummary("One cluster.");
        api.MapPost(
                $"{Destination}/drain",
                static (
                    string id,
                    string destination,
                    ClusterRegistry clusters,
                    KnownConditions known,
                    FleetDraining fleet,
                    HttpContext context,
                    bool allHosts = false
                ) =>
                    allHosts
                        ? SetForAllAsync(new(id, destination), isDrained: true, clusters, known, fleet, context)
                        : Task.FromResult(Answer(clusters.TryDrain(id, destination), id, destination, clusters, known))
            )
            .WithSummary(
                "Stops new connections and requests to a destination until undrain, its removal or a restart; open ones continue. With allHosts=true at all hosts of the fleet, until undrain for all."
            )
            .ProducesProblems(StatusCodes.Status503ServiceUnavailable);
        api.MapPost(
                $"{Destination}/undrain",
                static (
                    string id,
                    string destination,
                    ClusterRegistry clusters,
                    KnownConditions known,
                    FleetDraining fleet,
                    HttpContext context,
                    bool allHosts = false
                ) =>
                    allHosts
                        ? SetForAllAsync(new(id, destination), isDrained: false, clusters, known, fleet, context)
                        : Task.FromResult(Answer(clusters.TryUndrain(id, destination), id, destination, clusters, known))
            )
            .WithSummary(
                "Ends the drain of a destination at this host, or with allHosts=true that of all hosts: it gets new connections and requests again, unless the other one is left. 204 if this host has no such destination."
            )
            .ProducesProblems(StatusCodes.Status503ServiceUnavailable);
        api.MapDelete($"{Destination}/connections", Close)
            .WithSummary("Resets the TCP connections to a destination (ClosedByAdmin); HTTP requests continue.");
    }

    private static Results<Ok<ClusterStatus>, NotFound<ApiError>> One(
        string id,
        ClusterRegistry clusters,
        KnownConditions known,
        CertificateInventory certificates
    ) =>
        clusters.Find(id) is { } found
            ? TypedResults.Ok(With(known.With(clusters.WithTraffic([found])[0]), certificates))
            : TypedResults.NotFound(new ApiError($"There is no cluster '{id}'."));

    private static async Task<DrainAnswer> SetForAllAsync(
        DrainTarget target,
        bool isDrained,
        ClusterRegistry clusters,
        KnownConditions known,
        FleetDraining fleet,
        HttpContext context
    )
    {
        if (fleet.Missing is { } missing)
        {
            return TypedResults.BadRequest(missing);
        }

        // A mistyped name would be drained for ever, and at no host.
        var isKnown = Find(target, clusters) is not null;
        if (!isKnown && (isDrained || !await fleet.MayHaveAsync(target, context.RequestAborted)))
        {
            return TypedResults.NotFound(NotFoundError(target.ClusterId!, target.Id));
        }

        return await fleet.SetAsync(target, isDrained, context) is { } failure
                ? TypedResults.Json(failure, statusCode: StatusCodes.Status503ServiceUnavailable)
            : isKnown ? Answer(done: true, target.ClusterId!, target.Id, clusters, known)
            : TypedResults.NoContent();
    }

    private static DestinationStatus? Find(DrainTarget target, ClusterRegistry clusters) =>
        clusters.Find(target.ClusterId!)?.Destinations.FirstOrDefault(one => one.Id.Equals(target.Id, StringComparison.OrdinalIgnoreCase));

    private static Results<Ok<ClosedAnswer>, NotFound<ApiError>> Close(string id, string destination, ClusterRegistry clusters) =>
        clusters.CloseConnections(id, destination) is { } closed
            ? TypedResults.Ok(new ClosedAnswer(closed))
            : TypedResults.NotFound(NotFoundError(id, destination));

    private static DrainAnswer Answer(bool done, string id, string destination, ClusterRegistry clusters, KnownConditions known) =>
        done && Find(new(id, destination), clusters) is { } found
            ? TypedResults.Ok(known.With(id, found))
            : TypedResults.NotFound(NotFoundError(id, destination));

    private static ClusterStatus With(ClusterStatus cluster, CertificateInventory certificates) =>
        cluster with
        {
            Tls = certificates.Cluster(cluster.Id),
        };

    private static ApiError NotFoundError(string id, string destination) =>
        new($"There is no destination '{destination}' in a cluster '{id}'.");
}
