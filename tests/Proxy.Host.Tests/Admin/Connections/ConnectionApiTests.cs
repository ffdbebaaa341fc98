using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin.Connections;

/// <summary>The list of connections.</summary>
public sealed class ConnectionApiTests : IDisposable
{
    private readonly TcpServer _server = new("hello");

    [Fact]
    public async Task List_OneConnection_HasAllItsValuesAndDeleteClosesIt()
    {
        await using var host = await StartAsync();
        using var api = new AdminClient(host);
        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        await client.ReadAsync();
        await client.AskAsync("123");
        await Eventually.TrueAsync(() => host.Tracker.Open.Single().UpstreamBytes == 8); // bytes are counted when they are sent

        var page = await api.GetAsync("/api/connections");
        var item = Assert.Single(page.GetProperty("items").EnumerateArray());
        var id = item.GetProperty("id").GetString()!;
        var one = await api.GetAsync($"/api/connections/{id.ToLowerInvariant()}");

        Assert.Equal((1, 1), (page.GetProperty("open").GetInt32(), page.GetProperty("matching").GetInt32()));
        Assert.Equal(JsonValueKind.Null, page.GetProperty("next").ValueKind);
        Assert.Equal(
            ("r", "c", "d0", "Connected"),
            (Text(item, "route"), Text(item, "cluster"), Text(item, "destination"), Text(item, "phase"))
        );
        Assert.Equal((3, 8), (item.GetProperty("bytesIn").GetInt32(), item.GetProperty("bytesOut").GetInt32()));
        Assert.Equal(host.Address.ToString(), Text(item, "local"));
        Assert.Equal(Text(item, "client"), Text(one, "client"));
        var (status, _) = await api.SendAsync(HttpMethod.Delete, $"/api/connections/{id}");
        Assert.Equal(HttpStatusCode.NoContent, status);
        Assert.Null(await client.ReadAsync());
        await Eventually.TrueAsync(() => host.Tracker.Count == 0);
        await api.ErrorAsync(HttpStatusCode.NotFound, HttpMethod.Delete, $"/api/connections/{id}");
        await api.ErrorAsync(HttpStatusCode.NotFound, HttpMethod.Get, $"/api/connections/{id}");
    }

    [Fact]
    public async Task One_TlsOnBothSides_HasWhatWasAgreedOnPrintable()
    {
        await using var tls = await TlsHost.StartAsync();
        using var api = new AdminClient(tls.Host);
        await using var client = await tls.ConnectAsync(CertificateFolder.Evil);

        var one = Assert.Single((await api.GetAsync("/api/connections?route=secure")).GetProperty("items").EnumerateArray());

        var (within, behind) = (one.GetProperty("tls"), one.GetProperty("upstreamTls"));
        Assert.Equal(
            ("1.3", "localhost", "imap"),
            (Text(within, "version"), Text(within, "serverName"), Text(within, "applicationProtocol"))
        );
        Assert.StartsWith("TLS_", Text(within, "cipherSuite"), StringComparison.Ordinal);
        Assert.False(within.GetProperty("resumed").GetBoolean());
        Assert.Contains("a\\u001b[2J\\u000aforged", Text(within, "subject"), StringComparison.Ordinal);
        Assert.Empty(within.GetProperty("names").EnumerateArray()); // names with control characters are none
        Assert.Equal(("1.3", "localhost"), (Text(behind, "version"), Text(behind, "serverName")));
        Assert.Equal(JsonValueKind.Null, behind.GetProperty("resumed").ValueKind);
        var second = Assert.Single((await api.GetAsync("/api/connections?route=behind")).GetProperty("items").EnumerateArray());
        Assert.Equal("1.3", Text(second.GetProperty("tls"), "version"));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("upstreamTls").ValueKind);
    }

    [Theory]
    [InlineData("age")]
    [InlineData("id")]
    [InlineData("bytes")]
    public async Task List_TenThousand_PagesContainEachOnceInOrder(string sort)
    {
        const int Count = 10_000;
        await using var host = await StartAsync();
        using var api = new AdminClient(host);
        using var filled = Fill(host, Count);

        var seen = new List<JsonElement>();
        var query = $"/api/connections?sort={sort}&limit=1000";
        var page = await api.GetAsync(query);
        while (true)
        {
            Assert.Equal((Count, Count), (page.GetProperty("open").GetInt32(), page.GetProperty("matching").GetInt32()));
            Assert.InRange(page.GetProperty("items").GetArrayLength(), 1, 1000);
            seen.AddRange(page.GetProperty("items").EnumerateArray());
            if (Text(page, "next") is not { } next)
            {
                break;
            }

            page = await api.GetAsync($"{query}&after={next}");
        }

        Assert.Equal(Count, seen.Select(static item => Text(item, "id")).Distinct().Count());
        Assert.Equal(Count, seen.Count);
        var keys = seen.Select(item =>
            sort switch
            {
                "age" => item.GetProperty("startedAt").GetDateTimeOffset().UtcTicks,
                "bytes" => -item.GetProperty("bytesIn").GetInt64(),
                _ => 0,
            }
        );
        Assert.Equal(keys.Order(), keys);
        Assert.True(
            sort != "id"
                || seen.Select(static item => Text(item, "id"))
                    .SequenceEqual(seen.Select(static item => Text(item, "id")).Order(StringComparer.Ordinal))
        );
    }

    [Theory]
    [InlineData("route=R1", 2500)]
    [InlineData("route=r1&endpoint=edge", 2500)]
    [InlineData("route=none", 0)]
    [InlineData("cluster=c&destination=d2", 2500)]
    [InlineData("client=10.0.0.7", 40)]
    [InlineData("client=10.0.0.7:8", 1)]
    [InlineData("client=10.0.0.0/30", 160)]
    [InlineData("client=::1", 0)]
    public async Task List_Filtered_CountsOnlyThose(string query, int expected)
    {
        await using var host = await StartAsync();
        using var api = new AdminClient(host);
        using var filled = Fill(host, 10_000);

        var page = await api.GetAsync($"/api/connections?{query}&limit=10");

        Assert.Equal((10_000, expected), (page.GetProperty("open").GetInt32(), page.GetProperty("matching").GetInt32()));
        Assert.Equal(Math.Min(10, expected), page.GetProperty("items").GetArrayLength());
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("limit=-1")]
    [InlineData("limit=many")]
    [InlineData("limit=99999999999999999999")]
    [InlineData("sort=colour")]
    [InlineData("sort=1")]
    [InlineData("client=nobody")]
    [InlineData("client=10.0.0.0/99")]
    [InlineData("after=!")]
    [InlineData("after=QWdlIHggeA")]
    [InlineData("sort=id&after=QWdlIDEgMQ")]
    [InlineData("limit=1&limit=2")]
    public async Task List_InvalidQuery_IsRefused(string query)
    {
        await using var host = await StartAsync();
        using var api = new AdminClient(host);

        Assert.NotEmpty(await api.ErrorAsync(HttpStatusCode.BadRequest, HttpMethod.Get, $"/api/connections?{query}"));
    }

    public void Dispose() => _server.Dispose();

    private Task<TestHost> StartAsync() =>
        TestHost.StartAsync(AdminClient.With(AdminClient.Changes, Json.Routes(Json.Route("r"), _server.Port)));

    // Records without sockets never end by themselves, so disposing removes them: the host would wait for them when it stops.
    private static Filled Fill(TestHost host, int count)
    {
        var records = new List<ConnectionRecord>();
        for (var i = 0; i < count; i++)
        {
            var connection = new DefaultConnectionContext($"T{i:X6}")
            {
                RemoteEndPoint = new IPEndPoint(new IPAddress([10, 0, 0, (byte)(i % 250)]), 1 + (i / 250)),
            };
            var record = new ConnectionRecord(connection, "edge", "", TimeProvider.System)
            {
                RouteId = $"r{i % 4}",
                ClusterId = "c",
                DestinationId = $"d{i % 4}",
            };
            record.CountClientBytes(i * 7919 % 1000);
            host.Tracker.Add(record);
            records.Add(record);
        }

        return new(host, records);
    }

    private sealed class Filled(TestHost host, List<ConnectionRecord> records) : IDisposable
    {
        public void Dispose() => records.ForEach(host.Tracker.Remove);
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
