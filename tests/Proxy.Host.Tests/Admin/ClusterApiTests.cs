using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin;

/// <summary>Draining destinations and closing their connections.</summary>
public sealed class ClusterApiTests : IDisposable
{
    private const string First = "/api/clusters/c/destinations/d0";
    private readonly TcpServer _one = new("one");
    private readonly TcpServer _two = new("two");

    [Fact]
    public async Task Drain_Destination_NewConnectionsGoElsewhereAndOpenOnesContinue()
    {
        await using var host = await TestHost.StartAsync(Config());
        using var api = new AdminClient(host);
        using var before = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.Equal("one", await before.ReadAsync());

        var (status, body) = await api.SendAsync(HttpMethod.Post, $"{First}/drain");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("\"drained\":true", body, StringComparison.Ordinal);
        Assert.Equal("two", await GreetingAsync(host));
        Assert.Equal("still", await before.AskAsync("still"));
        // Edits do not end the drain, which belongs to the destination's id and not to its address or other keys.
        await host.EditAsync(Config(more: "\"IdleTimeout\": \"00:30:00\""));
        Assert.Equal("two", await GreetingAsync(host));
        await api.SendAsync(HttpMethod.Post, $"{First}/undrain");
        Assert.Equal("one", await GreetingAsync(host));
    }

    [Fact]
    public async Task Drain_AllDestinations_NoClientIsServedDespiteThePanicPolicy()
    {
        await using var host = await TestHost.StartAsync(Config());
        using var api = new AdminClient(host);

        await api.SendAsync(HttpMethod.Post, $"{First}/drain");
        await api.SendAsync(HttpMethod.Post, "/api/clusters/C/destinations/D1/drain");

        Assert.Null(await GreetingAsync(host));
        var cluster = await api.GetAsync("/api/clusters/c");
        Assert.All(
            cluster.GetProperty("destinations").EnumerateArray(),
            static one => Assert.False(one.GetProperty("health").GetProperty("available").GetBoolean())
        );
    }

    [Fact]
    public async Task Drain_DestinationRemovedAndAddedAgain_IsNoLongerDrained()
    {
        await using var host = await TestHost.StartAsync(Config());
        using var api = new AdminClient(host);
        await api.SendAsync(HttpMethod.Post, $"{First}/drain");

        await host.EditAsync(
            AdminClient.With(
                AdminClient.Changes,
                Json.Routes(Json.Route("r")).Replace(Json.Cluster(), Cluster("d1", _two), StringComparison.Ordinal)
            )
        );
        await api.ErrorAsync(HttpStatusCode.NotFound, HttpMethod.Post, $"{First}/drain");
        await host.EditAsync(Config());

        Assert.Equal("one", await GreetingAsync(host));
    }

    [Fact]
    public async Task Drain_ForAllHosts_IsEndedForAllOnly()
    {
        var fleet = new FakeFleet();
        await using var host = await TestHost.StartAsync(Config(), fleet.AddTo);
        using var api = new AdminClient(host);

        var (status, body) = await api.SendAsync(HttpMethod.Post, $"{First}/drain?allHosts=true");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("\"drained\":true", body, StringComparison.Ordinal);
        Assert.Contains("\"drainedHere\":false", body, StringComparison.Ordinal);
        Assert.Contains("\"host\":\"A_1\",\"client\":\"127.0.0.1\"", body, StringComparison.Ordinal);
        Assert.Equal("two", await GreetingAsync(host));
        await api.SendAsync(HttpMethod.Post, $"{First}/undrain");
        Assert.Equal("two", await GreetingAsync(host));
        Assert.Equal(HttpStatusCode.OK, (await api.SendAsync(HttpMethod.Post, $"{First}/undrain?allHosts=true")).Status);
        Assert.Equal("one", await GreetingAsync(host));
    }

    [Fact]
    public async Task Undrain_ForAllHostsOfWhatTheHostHasNotHeardOf_AsksTheEngine()
    {
        var fleet = new FakeFleet { IsUnheard = true };
        fleet.Drains[new("c", "new")] = new("A_2", null, null);
        await using var host = await TestHost.StartAsync(Config(), fleet.AddTo);
        using var api = new AdminClient(host);
        const string Undrain = "/api/clusters/c/destinations/new/undrain?allHosts=true";

        Assert.Equal(HttpStatusCode.NoContent, (await api.SendAsync(HttpMethod.Post, Undrain)).Status);
        Assert.Empty(fleet.Drains);
        await api.ErrorAsync(HttpStatusCode.NotFound, HttpMethod.Post, Undrain);
        fleet.Failure = "No answer.";
        await api.ErrorAsync(HttpStatusCode.ServiceUnavailable, HttpMethod.Post, Undrain);
    }

    [Fact]
    public async Task Drain_ForAllHostsBeforeThereIsTheDestination_AppliesWhenItAppears()
    {
        var fleet = new FakeFleet();
        await using var host = await TestHost.StartAsync(Config(), fleet.AddTo);
        using var api = new AdminClient(host);
        await api.ErrorAsync(HttpStatusCode.NotFound, HttpMethod.Post, "/api/clusters/c/destinations/new/drain?allHosts=true");
        fleet.Drains[new("C", "NEW")] = new("A_2", null, null); // another host has it
        fleet.Apply(host);

        await host.EditAsync(Config().Replace("\"d0\"", "\"new\"", StringComparison.Ordinal));

        Assert.Equal("two", await GreetingAsync(host));
        await host.EditAsync(Config());
        Assert.Equal("one", await GreetingAsync(host));
        Assert.Equal(
            HttpStatusCode.NoContent,
            (await api.SendAsync(HttpMethod.Post, "/api/clusters/c/destinations/new/undrain?allHosts=true")).Status
        );
        Assert.Empty(fleet.Drains);
    }

    [Fact]
    public async Task Drain_ForAllHostsWithoutAnEngineOrItsAnswer_IsAnError()
    {
        var fleet = new FakeFleet { Failure = "It does not answer." };
        await using var alone = await TestHost.StartAsync(Config());
        await using var host = await TestHost.StartAsync(Config(), fleet.AddTo);
        using var first = new AdminClient(alone);
        using var api = new AdminClient(host);

        var missing = await first.ErrorAsync(HttpStatusCode.BadRequest, HttpMethod.Post, $"{First}/drain?allHosts=true");
        var failed = await api.ErrorAsync(HttpStatusCode.ServiceUnavailable, HttpMethod.Post, $"{First}/drain?allHosts=true");

        Assert.Contains("Engine", missing, StringComparison.Ordinal);
        Assert.EndsWith("It does not answer.", failed, StringComparison.Ordinal);
        Assert.Equal("one", await GreetingAsync(host));
    }

    [Fact]
    public async Task Drain_HttpDestinationWithAffinity_RequestsGoToTheOther()
    {
        await using var host = await TestHost.StartAsync(
            $$"""
            { "Admin": {{AdminClient.Changes}}, "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:0" } } },
              "ReverseProxy": {
                "Routes": { "r": { "ClusterId": "c", "Match": { "Path": "{**all}" } } },
                "Clusters": { "c": { "LoadBalancingPolicy": "FirstAlphabetical",
                  "SessionAffinity": { "Enabled": true, "Policy": "Cookie", "FailurePolicy": "Redistribute", "AffinityKeyName": "pin" },
                  "Destinations": { "d0": { "Address": "http://127.0.0.1:{{_one.Port}}" }, "d1": { "Address": "http://127.0.0.1:{{_two.Port}}" } } } } } }
            """
        );
        var urls = host.Urls.ToList();
        using var first = new HttpClient();
        var admin = await IsAdminAsync(first, urls[0]) ? urls[0] : urls[1];
        var proxy = urls.Single(url => url != admin);
        // The upstreams are not HTTP servers, so the answer is 502; the test checks which of them got the request.
        (await first.GetAsync(proxy)).Dispose();
        Assert.Equal((1, 0), (_one.Connections, _two.Connections));

        (await first.PostAsync(new Uri(admin, $"{First}/drain"), null)).Dispose();
        (await first.GetAsync(proxy)).Dispose();

        Assert.Equal((1, 1), (_one.Connections, _two.Connections));
    }

    [Fact]
    public async Task CloseConnections_OfADestination_ResetsOnlyThose()
    {
        await using var host = await TestHost.StartAsync(Config());
        using var api = new AdminClient(host);
        using var first = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.Equal("one", await first.ReadAsync());
        await api.SendAsync(HttpMethod.Post, $"{First}/drain");
        using var second = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.Equal("two", await second.ReadAsync());

        var (status, body) = await api.SendAsync(HttpMethod.Delete, $"{First}/connections");

        Assert.Equal((HttpStatusCode.OK, "{\"closed\":1}"), (status, body));
        Assert.Null(await first.ReadAsync());
        Assert.Equal("x", await second.AskAsync("x"));
        await api.ErrorAsync(HttpStatusCode.NotFound, HttpMethod.Delete, "/api/clusters/c/destinations/none/connections");
    }

    [Fact]
    public async Task Cluster_WithTls_SaysHowDestinationsAreVerified()
    {
        await using var tls = await TlsHost.StartAsync();
        using var api = new AdminClient(tls.Host);

        var verified = (await api.GetAsync("/api/clusters/verified")).GetProperty("tls");
        var all = (await api.GetAsync("/api/clusters")).EnumerateArray().ToDictionary(static one => one.GetProperty("id").GetString()!);

        Assert.False(verified.GetProperty("allowInvalid").GetBoolean());
        Assert.Equal("localhost", verified.GetProperty("serverName").GetString());
        Assert.Equal(tls.Files.Authority, verified.GetProperty("certificateAuthority").GetString());
        Assert.Equal("CN=own", verified.GetProperty("certificate").GetProperty("subject").GetString());
        Assert.True(all["unsafe"].GetProperty("tls").GetProperty("allowInvalid").GetBoolean());
        Assert.Equal(JsonValueKind.Null, all["plain"].GetProperty("tls").ValueKind);
    }

    public void Dispose()
    {
        _one.Dispose();
        _two.Dispose();
    }

    private static async Task<string?> GreetingAsync(TestHost host)
    {
        try
        {
            using var client = await TcpClientSocket.ConnectAsync(host.Address);
            return await client.ReadAsync();
        }
        catch (SocketException)
        {
            return null; // the reset arrived before the read
        }
    }

    private static async Task<bool> IsAdminAsync(HttpClient http, Uri url)
    {
        using var answer = await http.GetAsync(new Uri(url, "/healthz/live"));
        return answer.IsSuccessStatusCode;
    }

    private static string Cluster(string id, TcpServer server) =>
        $$"""{ "Destinations": { "{{id}}": { "Address": "tcp://127.0.0.1:{{server.Port}}" } } }""";

    private string Config(string more = "") =>
        AdminClient.With(AdminClient.Changes, Json.Routes(Json.Route("r", more), _one.Port, _two.Port));
}
