using Microsoft.AspNetCore.Http.HttpResults;
using Proxy.Host.Contracts;
using Proxy.Revisions;

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
        api.MapPost($"{Destination}/drain", Drain)
            .WithSummary(
                "Stops new connections and requests to a destination until undrain, its removal or a restart; open ones continue."
            );
        api.MapPost($"{Destination}/undrain", Undrain)
            .WithSummary("Ends the drain of a destination, which gets new connections and requests again.");
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

    private static Results<Ok<DestinationStatus>, NotFound<ApiError>> Drain(
        string id,
        string destination,
        ClusterRegistry clusters,
        KnownConditions known
    ) => Answer(clusters.TryDrain(id, destination), id, destination, clusters, known);

    private static Results<Ok<DestinationStatus>, NotFound<ApiError>> Undrain(
        string id,
        string destination,
        ClusterRegistry clusters,
        KnownConditions known
    ) => Answer(clusters.TryUndrain(id, destination), id, destination, clusters, known);

    private static Results<Ok<ClosedAnswer>, NotFound<ApiError>> Close(string id, string destination, ClusterRegistry clusters) =>
        clusters.CloseConnections(id, destination) is { } closed
            ? TypedResults.Ok(new ClosedAnswer(closed))
            : TypedResults.NotFound(NotFoundError(id, destination));

    private static Results<Ok<DestinationStatus>, NotFound<ApiError>> Answer(
        bool done,
        string id,
        string destination,
        ClusterRegistry clusters,
        KnownConditions known
    ) =>
        done
        && clusters.Find(id)?.Destinations.FirstOrDefault(one => one.Id.Equals(destination, StringComparison.OrdinalIgnoreCase))
            is { } found
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
