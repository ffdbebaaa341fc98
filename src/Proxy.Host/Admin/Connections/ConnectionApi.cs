using Microsoft.AspNetCore.Http.HttpResults;
using Proxy.Diagnostics;
using Proxy.Host.Contracts;
using Proxy.Revisions;

namespace Proxy.Host.Admin.Connections;

/// <summary>Connections, by the id that the access log and the lists of the API have.</summary>
internal static class ConnectionApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/connections", List)
            .WithSummary(
                "Open connections, page by page: the oldest first, or those with the most bytes (sort=bytes), or by id (sort=id)."
            );
        api.MapGet("/connections/{id}", One).WithSummary("One open connection.");
        api.MapDelete("/connections/{id}", Close).WithSummary("Resets a connection (ClosedByAdmin).");
    }

    private static Results<Ok<ConnectionPage>, BadRequest<ApiError>> List(
        [AsParameters] ConnectionQuery query,
        ConnectionTracker tracker,
        ProxyStatus status
    ) =>
        ConnectionPager.TryCreate(query, out var pager, out var error)
            ? TypedResults.Ok(pager!.Read(tracker, status))
            : TypedResults.BadRequest(new ApiError(error!));

    private static Results<Ok<ConnectionAnswer>, NotFound<ApiError>> One(string id, ConnectionTracker tracker, ProxyStatus status) =>
        Find(id, tracker) is { } record ? TypedResults.Ok(ConnectionAnswer.Of(record, status)) : TypedResults.NotFound(None(id));

    private static Results<NoContent, NotFound<ApiError>> Close(string id, ConnectionTracker tracker)
    {
        if (Find(id, tracker) is not { } record)
        {
            return TypedResults.NotFound(None(id));
        }

        record.Close(ConnectionOutcome.ClosedByAdmin);
        return TypedResults.NoContent();
    }

    private static ConnectionRecord? Find(string id, ConnectionTracker tracker) =>
        tracker.Open.FirstOrDefault(record => record.Id.Equals(id, StringComparison.OrdinalIgnoreCase));

    private static ApiError None(string id) => new($"No connection '{id}' is open.");
}
