using System.Net;
using System.Text.Json;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin;

/// <summary>Endpoints, routes and clusters in the API.</summary>
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
        await Eventually.TrueAsync(() => host.Tracker.Open.Single().UpstreamBytes == 5); // bytes are counted when they are sent

        var endpoints = (await api.GetAsync("/api/endpoints")).EnumerateArray().ToList();
        var routes = (await api.GetAsync("/api/routes")).EnumerateArray().ToList();
        var one = await api.GetAsync("/api/routes/A");

        Assert.Equal(["127.0.0.1:0", "127.0.0.2:0"], endpoints.Select(static endpoint => Text(endpoint, "id")));
        Assert.Equal([0, 1], endpoints.Select(static endpoint => endpoint.GetProperty("connections").GetInt32()));
        Assert.Equal(host.AddressOf("127.0.0.2").ToString(), Text(endpoints[1], "bound"));
        Assert.Equal(["a", "b", "web"], routes.Select(static route => Text(route, "id")));
        Assert.Equal(["Forward", "Forward", "Http"], routes.Select(static route => Text(route, "mode")));
        Assert.All(routes, static route => Assert.Equal(JsonValueKind.Null, route.GetProperty("tls").ValueKind));
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
    public async Task Route_ThatTerminatesTls_HasItsCertificatesPrintableAndItsPolicy()
    {
        await using var tls = await TlsHost.StartAsync();
        using var api = new AdminClient(tls.Host);

        var found = (await api.GetAsync("/api/routes/secure")).GetProperty("tls");

        Assert.Equal(("Allow", "Tls12"), (Text(found, "clientCertificates"), Text(found, "minimumVersion")));
        Assert.Equal(tls.Files.Authority, Text(found, "clientCertificateAuthority"));
        Assert.Equal("imap", Assert.Single(found.GetProperty("alpnProtocols").EnumerateArray()).GetString());
        Assert.Equal(JsonValueKind.Null, found.GetProperty("problem").ValueKind);
        var certificates = found.GetProperty("certificates").EnumerateArray().ToList();
        Assert.Equal([tls.Files.Path("first"), tls.Files.Path("second")], certificates.Select(static one => Text(one, "path")));
        Assert.Equal("localhost", Assert.Single(certificates[0].GetProperty("names").EnumerateArray()).GetString());
        Assert.Equal("CN=authority", Text(certificates[0], "issuer"));
        Assert.Contains("a\\u001b[2J\\u000aforged", Text(certificates[1], "subject"), StringComparison.Ordinal);
        Assert.All(
            certificates[1]
                .GetProperty("names")
                .EnumerateArray()
                .Select(static name => name.GetString()!)
                .Append(Text(certificates[1], "subject")!),
            static text => Assert.DoesNotContain(text, char.IsControl)
        );
        var left = certificates[1].GetProperty("notAfter").GetDateTimeOffset() - TimeProvider.System.GetUtcNow();
        Assert.InRange(left.TotalDays, 8, 9);
        var routes = (await api.GetAsync("/api/routes")).EnumerateArray().ToDictionary(static one => Text(one, "id")!);
        Assert.Equal(2, routes["secure"].GetProperty("tls").GetProperty("certificates").GetArrayLength());
        Assert.Equal("None", Text(routes["behind"].GetProperty("tls"), "clientCertificates"));
    }

    [Fact]
    public async Task Route_WithModeHttpThatTerminatesTls_HasTheProtocolsInEffect()
    {
        using var files = new CertificateFolder();
        await using var host = await TestHost.StartAsync(
            $$"""
            { "Log": { "Access": { "Path": "/dev/null" } }, "Admin": { "Url": "http://127.0.0.1:0" },
              "ReverseProxy": { "TcpRoutes": { "web": { "Listen": "127.0.0.1:0", "Mode": "Http", "Tls": { "Certificate": {{files.Issue(
                "web"
            )}} } } } } }
            """
        );
        using var api = new AdminClient(host);

        var tls = (await api.GetAsync("/api/routes/web")).GetProperty("tls");

        Assert.Equal(["h2", "http/1.1"], tls.GetProperty("alpnProtocols").EnumerateArray().Select(static one => one.GetString()));
    }

    [Fact]
    public async Task Route_CertificateReplacedByGarbage_SaysWhyAndKeepsTheOldOne()
    {
        await using var tls = await TlsHost.StartAsync();
        using var api = new AdminClient(tls.Host);

        await File.WriteAllTextAsync(tls.Files.Path("first"), "\u001b[2J garbage");

        await Eventually.TrueAsync(async () => (await FirstAsync()).GetProperty("problem").ValueKind == JsonValueKind.String);
        var first = await FirstAsync();
        Assert.DoesNotContain(Text(first, "problem")!, char.IsControl);
        Assert.Equal(JsonValueKind.String, first.GetProperty("problemSince").ValueKind);
        Assert.Equal("CN=first", Text(first, "subject"));

        async Task<JsonElement> FirstAsync() =>
            (await api.GetAsync("/api/routes/secure")).GetProperty("tls").GetProperty("certificates")[0];
    }

    public void Dispose() => _server.Dispose();

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
