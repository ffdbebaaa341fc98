using System.Net;
using System.Text.Json;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin;

/// <summary>Endpoints, routes and clusters in the API.</summary>
[Collection(Alone.Name)]
public sealed class RouteApiTests : IDisposable
{
    private readonly TcpServer _server = new("hello");

    [Fact]
    public async Task EndpointsAndRoutes_WithConnections_HaveTheirAddressesAndCounts()
    {
        var json = Json.Routes($"{Json.Route("b")}, {Json.Route("a", address: "127.0.0.2")}", _server.Port)
            .Replace(
                "\"TcpRoutes\"",
                "\"Routes\": { \"web\": { \"ClusterId\": \"h\", \"Match\": { \"Path\": \"/x\" } } }, \"TcpRoutes\"",
                StringComparison.Ordinal
            )
            .Replace(
                "\"Clusters\": {",
                "\"Clusters\": { \"h\": { \"Destinations\": { \"d\": { \"Address\": \"http://127.0.0.1:1/\" } } },",
                StringComparison.Ordinal
            );
        await using var host = await TestHost.StartAsync(AdminClient.With(AdminClient.Changes, json));
        using var api = new AdminClient(host);
        using var client = await TcpClientSocket.ConnectAsync(host.AddressOf("127.0.0.2"));
        await client.ReadAsync();

        var endpoints = (await api.GetAsync("/api/endpoints")).EnumerateArray().ToList();
        var routes = (await api.GetAsync("/api/routes")).EnumerateArray().ToList();
        var one = await api.GetAsync("/api/routes/A");

        Assert.Equal(["127.0.0.1:0", "127.0.0.2:0"], endpoints.Select(static endpoint => Text(endpoint, "id")));
        Assert.Equal([0, 1], endpoints.Select(static endpoint => endpoint.GetProperty("connections").GetInt32()));
        Assert.Equal(host.AddressOf("127.0.0.2").ToString(), Text(endpoints[1], "bound"));
        Assert.Equal(["a", "b", "web"], routes.Select(static route => Text(route, "id")));
        Assert.Equal(["Forward", "Forward", "Http"], routes.Select(static route => Text(route, "mode")));
        Assert.Equal((1, 5), (one.GetProperty("connections").GetInt32(), one.GetProperty("bytesOut").GetInt32()));
        Assert.Equal(["127.0.0.2:0"], one.GetProperty("endpoints").EnumerateArray().Select(static id => id.GetString()));
        Assert.Contains(
            "'x/y'",
            await api.ErrorAsync(HttpStatusCode.NotFound, HttpMethod.Get, "/api/routes/x%2Fy"),
            StringComparison.Ordinal
        );
        Assert.Equal(2, (await api.GetAsync("/api/clusters")).GetArrayLength());
        await api.ErrorAsync(HttpStatusCode.NotFound, HttpMethod.Get, "/api/clusters/none");
    }

    public void Dispose() => _server.Dispose();

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
