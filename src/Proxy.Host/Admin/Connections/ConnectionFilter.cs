using System.Net;
using Proxy.Diagnostics;

namespace Proxy.Host.Admin.Connections;

/// <summary>Selects the connections that match a query.</summary>
internal sealed class ConnectionFilter
{
    private readonly ConnectionQuery _query;
    private IPNetwork? _network;
    private IPEndPoint? _client;

    private ConnectionFilter(ConnectionQuery query) => _query = query;

    public static ConnectionFilter? TryCreate(ConnectionQuery query)
    {
        var filter = new ConnectionFilter(query);
        return query.Client is null || filter.TryReadClient(query.Client) ? filter : null;
    }

    public bool Matches(ConnectionRecord record) =>
        Matches(_query.Route, record.RouteId)
        && Matches(_query.Endpoint, record.EndpointId)
        && Matches(_query.Cluster, record.ClusterId)
        && Matches(_query.Destination, record.DestinationId)
        && MatchesClient(record.Client as IPEndPoint);

    private bool TryReadClient(string text)
    {
        if (IPNetwork.TryParse(text, out var network))
        {
            _network = network;
        }
        else if (IPAddress.TryParse(text, out var address))
        {
            _client = new(address, 0);
        }
        else if (IPEndPoint.TryParse(text, out var client))
        {
            _client = client;
        }

        return _network is not null || _client is not null;
    }

    private static bool Matches(string? wanted, string? actual) =>
        wanted is null || wanted.Equals(actual, StringComparison.OrdinalIgnoreCase);

    private bool MatchesClient(IPEndPoint? client) =>
        _network is { } network
            ? client is not null && network.Contains(client.Address)
            : _client is null
                || (client is not null && _client.Address.Equals(client.Address) && (_client.Port == 0 || _client.Port == client.Port));
}
