using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;

namespace Proxy.Routes;

/// <summary>Hands a connection to the first route that matches.</summary>
/// <param name="routes">In the order in which they are tried.</param>
internal sealed class RoutingMiddleware(IReadOnlyList<Route> routes)
{
    /// <summary>Routes one connection.</summary>
    /// <param name="connection">The client's.</param>
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
