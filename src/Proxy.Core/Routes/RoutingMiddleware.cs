using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;
using Proxy.Peeking;

namespace Proxy.Routes;

/// <summary>Hands a connection to the first route that takes it.</summary>
/// <param name="table">Chooses the route.</param>
/// <param name="pipelines">The pipelines of the routes, by id.</param>
internal sealed class RoutingMiddleware(RouteTable table, IReadOnlyDictionary<string, ConnectionDelegate> pipelines)
{
    private readonly ConnectionFacts _nothing = new(table.Plan);

    /// <summary>Routes one connection, whose first bytes were examined if the table asks for that.</summary>
    /// <param name="connection">The connection of the client.</param>
    /// <returns>A task that completes when the connection has ended.</returns>
    public Task OnConnectionAsync(ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var record = ConnectionRecord.Of(connection);
        var facts = table.Peeks ? connection.Features.Get<ConnectionFacts>() ?? _nothing : _nothing;
        if (table.Decide((connection.RemoteEndPoint as IPEndPoint)?.Address, facts).RouteId is not { } id)
        {
            record.Close(facts.HasTimedOut ? ConnectionOutcome.PeekTimeout : ConnectionOutcome.NoRoute);
            return Task.CompletedTask;
        }

        record.RouteId = id;
        return pipelines[id](connection);
    }
}
