using Proxy.Diagnostics;

namespace Proxy.Host.Admin;

/// <summary>Connections, by the id that the access log and the lists of the API have.</summary>
internal static class ConnectionApi
{
    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapDelete("/api/connections/{id}", CloseAsync);

    private static Task CloseAsync(HttpContext context)
    {
        var id = (string)context.Request.RouteValues["id"]!;
        var record = context
            .RequestServices.GetRequiredService<ConnectionTracker>()
            .Open.FirstOrDefault(record => record.Id.Equals(id, StringComparison.OrdinalIgnoreCase));
        if (record is null)
        {
            return ApiJson.WriteErrorAsync(context, StatusCodes.Status404NotFound, $"No connection '{id}' is open.");
        }

        record.Close(ConnectionOutcome.ClosedByAdmin);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
