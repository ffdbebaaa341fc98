using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin;

/// <summary>The host, its endpoints, routes and clusters, as the API tells of them.</summary>
[Collection(Alone.Name)]
public sealed class OverviewApiTests : IDisposable
{
    private readonly TcpServer _server = new("hello");

    [Fact]
    public async Task Status_AfterAConnection_CountsItAndTellsOfTheProcess()
    {
        await using var host = await TestHost.StartAsync(AdminClient.With(AdminClient.Changes, Json.Routes(Json.Route("r"), _server.Port)));
        using var api = new AdminClient(host);
        using var open = await TcpClientSocket.ConnectAsync(host.Address);
        await open.ReadAsync();
        using (var ended = await TcpClientSocket.ConnectAsync(host.Address))
        {
            await ended.ReadAsync();
            await ended.AskAsync("12345");
            ended.End();
            await ended.ReadAsync();
        }

        await Eventually.TrueAsync(() => host.Tracker.Count == 1);
        var status = await api.GetAsync("/api/status");

        var connections = status.GetProperty("connections");
        Assert.Equal(1, connections.GetProperty("open").GetInt32());
        Assert.Equal(1, connections.GetProperty("ended").GetProperty("Completed").GetInt64());
        Assert.Equal((5, 15), (connections.GetProperty("bytesIn").GetInt64(), connections.GetProperty("bytesOut").GetInt64()));
        Assert.Equal(host.Status.Running!.Id, status.GetProperty("revision").GetProperty("id").GetString());
        Assert.True(status.GetProperty("ready").GetBoolean() && status.GetProperty("allowChanges").GetBoolean());
        Assert.False(status.GetProperty("draining").GetBoolean());
        var process = status.GetProperty("process");
        Assert.Equal(Environment.ProcessId, process.GetProperty("id").GetInt32());
        Assert.True(process.GetProperty("workingSetBytes").GetInt64() > 0);
        Assert.Equal(3, process.GetProperty("gc").GetProperty("collections").GetArrayLength());
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal(1, process.GetProperty("loops").EnumerateArray().Sum(static loop => loop.GetProperty("connections").GetInt32()));
        }
    }

    [Fact]
    public async Task EndpointsAndRoutes_WithConnections_TellWhereTheyAre()
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

    [Fact]
    public async Task Document_EveryEndpointOfTheApi_IsListedWithItsAnswersAndErrors()
    {
        await using var host = await TestHost.StartAsync(AdminClient.With(AdminClient.Changes, Json.Routes(Json.Route("r"), _server.Port)));
        using var api = new AdminClient(host);

        var document = await api.GetAsync("/api/openapi.json");

        Assert.StartsWith("3.1", Text(document, "openapi"), StringComparison.Ordinal);
        var listed = document
            .GetProperty("paths")
            .EnumerateObject()
            .SelectMany(static path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"));
        Assert.Equal(Endpoints(host).Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
        foreach (var operation in document.GetProperty("paths").EnumerateObject().SelectMany(static path => path.Value.EnumerateObject()))
        {
            Assert.False(string.IsNullOrEmpty(Text(operation.Value, "summary")));
            var answers = operation.Value.GetProperty("responses");
            Assert.True(answers.TryGetProperty("401", out _), operation.Value.GetRawText());
            Assert.Contains(answers.EnumerateObject(), static answer => answer.Name.StartsWith('2'));
        }
    }

    public void Dispose() => _server.Dispose();

    private static IEnumerable<string> Endpoints(TestHost host) =>
        host
            .Services.GetRequiredService<IEnumerable<EndpointDataSource>>()
            .SelectMany(static source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .Select(static endpoint => (Path: $"/{endpoint.RoutePattern.RawText!.Trim('/')}", endpoint.Metadata))
            .Where(static endpoint => endpoint.Path.StartsWith("/api/", StringComparison.Ordinal) && endpoint.Path != "/api/openapi.json")
            .SelectMany(static endpoint =>
                endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} {endpoint.Path}")
            )
            .Distinct();

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
