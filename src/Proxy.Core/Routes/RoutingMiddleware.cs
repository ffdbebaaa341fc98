using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;

namespace Proxy.Routes;

/// <summary>Passes a connection to the first route that matches.</summary>
/// <param name="routes">The routes, in the order in which they are tried.</param>
internal sealed class RoutingMiddleware(IReadOnlyList<Route> routes)
{
    /// <summary>Routes one connection.</summary>
    /// <param name="connection">The connection of the client.</param>
    /// <returns>A task that completes when the connection has ended.</returns>
    public Task OnConnectionAsync(ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var record = ConnectionRecord.Of(connection);
        foreach (var route in routes)
        {
            if (route.Matches(connection.RemoteEndPoint))
            {
                record.RouteId = route.Id;
                return route.Pipeline(connection);
            }
        }

        record.Close(ConnectionOutcome.NoRoute);
        return Task.CompletedTask;
    }
}
