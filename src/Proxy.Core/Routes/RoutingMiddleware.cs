using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Configuration;
using Proxy.Diagnostics;

namespace Proxy.Routes;

/// <summary>Hands a connection to the first route that matches. What that costs does not depend on the number of routes.</summary>
internal sealed class RoutingMiddleware
{
    private readonly IReadOnlyList<Route> _routes;
    private readonly NetworkTable<int> _byNetwork = new(); // to the index of the first route that names the network
    private readonly int _forAll; // the index of the first route for all clients

    /// <summary>Indexes the routes by their source networks.</summary>
    /// <param name="routes">In the order in which they are tried.</param>
    public RoutingMiddleware(IReadOnlyList<Route> routes)
    {
        _routes = routes;
        _forAll = routes.Count;
        foreach (var (index, route) in routes.Index())
        {
            if (route.SourceNetworks.Count == 0)
            {
                _forAll = index;
                break; // the routes behind it are never reached
            }

            foreach (var network in route.SourceNetworks)
            {
                _byNetwork.Add(network, index);
            }
        }
    }

    /// <summary>Routes one connection.</summary>
    /// <param name="connection">The connection of the client.</param>
    /// <returns>A task that completes when the connection has ended.</returns>
    public Task OnConnectionAsync(ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var record = ConnectionRecord.Of(connection);
        var index = connection.RemoteEndPoint is IPEndPoint { Address: var client } ? _byNetwork.Find(client) ?? _forAll : _forAll;
        if (index == _routes.Count)
        {
            record.Close(ConnectionOutcome.NoRoute);
            return Task.CompletedTask;
        }

        var route = _routes[index];
        record.RouteId = route.Id;
        return route.Pipeline(connection);
    }
}
