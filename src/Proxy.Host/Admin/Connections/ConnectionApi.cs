using Microsoft.AspNetCore.Http.HttpResults;
using Proxy.Diagnostics;
using Proxy.Host.Contracts;
using Proxy.Revisions;

namespace Proxy.Host.Admin.Connections;

/// <summary>The open connections, by their ids, which are the same in the access log.</summary>
internal static class ConnectionApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/connections", List)
            .WithSummary(
                "One page of the open connections, ordered by age (oldest first), bytes (sort=bytes, most first) or id (sort=id)."
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
        Find(id, tracker) is { } record ? TypedResults.Ok(ConnectionAnswer.Of(record, status)) : TypedResults.NotFound(NotFoundError(id));

    private static Results<NoContent, NotFound<ApiError>> Close(string id, ConnectionTracker tracker)
    {
        if (Find(id, tracker) is not { } record)
        {
            return TypedResults.NotFound(NotFoundError(id));
        }

        record.Close(ConnectionOutcome.ClosedByAdmin);
        return TypedResults.NoContent();
    }

    private static ConnectionRecord? Find(string id, ConnectionTracker tracker) =>
        tracker.Open.FirstOrDefault(record => record.Id.Equals(id, StringComparison.OrdinalIgnoreCase));

    private static ApiError NotFoundError(string id) => new($"There is no open connection '{id}'.");
}
