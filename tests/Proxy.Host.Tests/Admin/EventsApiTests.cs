using System.Net;
using System.Text.Json;
using Proxy.Host.Admin;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin;

/// <summary>The stream of snapshots, without a browser.</summary>
public sealed class EventsApiTests : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = Eventually.Limit };

    [Fact]
    public async Task Get_AConnectionOpens_ALaterEventShowsIt()
    {
        using var server = new TcpServer("hello");
        await using var host = await StartAsync(Json.Routes(Json.Route("r"), server.Port));
        using var stream = await OpenAsync(host);
        using var before = await ReadAsync(stream);
        Assert.Equal(0, Open(before));

        using var client = await TcpClientSocket.ConnectAsync(host.Address);
        await client.ReadAsync();
        await Eventually.TrueAsync(async () =>
        {
            using var after = await ReadAsync(stream);
            var route = Assert.Single(after.RootElement.GetProperty("routes").GetProperty("items").EnumerateArray());
            Assert.Equal("r", route.GetProperty("id").GetString());
            return Open(after) == 1 && route.GetProperty("connections").GetInt32() == 1;
        });
    }

    [Fact]
    public async Task Get_MoreReadersThanAllowed_TheLongestConnectedIsEnded()
    {
        await using var host = await StartAsync("{ }");
        var readers = new List<StreamReader>();
        for (var i = 0; i < EventFeed.MaxReaders; i++)
        {
            readers.Add(await OpenAsync(host));
        }

        using var late = await OpenAsync(host);

        using var event1 = await ReadAsync(late);
        await readers[0].ReadToEndAsync().WaitAsync(Eventually.Limit);
        using var event2 = await ReadAsync(readers[1]);
        readers.ForEach(static reader => reader.Dispose());
    }

    [Fact]
    public async Task Get_MoreRoutesAndErrorsThanFit_EventIsBoundedAndCountsTheRest()
    {
        const int Routes = 700;
        using var server = new TcpServer("hello");
        var valid = ManyRoutes(Routes, server.Port, static i => $"10.{i >> 8}.{i & 255}.0/24");
        await using var host = await StartAsync(valid);
        await host.WriteAsync(WithAdmin(ManyRoutes(Routes, server.Port, static _ => "nonsense")));
        await Eventually.TrueAsync(() => host.Status.Rejected.Count >= Routes);
        using var stream = await OpenAsync(host);

        using var snapshot = await ReadAsync(stream);

        var routes = snapshot.RootElement.GetProperty("routes");
        Assert.Equal(500, routes.GetProperty("items").GetArrayLength());
        Assert.Equal(Routes - 500, routes.GetProperty("others").GetProperty("count").GetInt32());
        Assert.Equal(20, snapshot.RootElement.GetProperty("status").GetProperty("rejected").GetArrayLength());
        Assert.InRange(snapshot.RootElement.GetProperty("rejectedCount").GetInt32(), Routes, 2 * Routes);
    }

    [Fact]
    public async Task Stop_WithAReader_DoesNotWaitForIt()
    {
        var host = await StartAsync("{ }");
        using var stream = await OpenAsync(host);
        using var first = await ReadAsync(stream);

        var stopping = host.DisposeAsync().AsTask();

        await stream.ReadToEndAsync().WaitAsync(Eventually.Limit); // an orderly end; a reset would throw
        await stopping.WaitAsync(Eventually.Limit);
    }

    public void Dispose() => _http.Dispose();

    private static string ManyRoutes(int count, int port, Func<int, string> network) =>
        $$"""
            { "ReverseProxy": {
                "TcpEndpoints": { "edge": { "Address": "127.0.0.1:0" } },
                "TcpRoutes": { {{string.Join(
                ',',
                Enumerable
                    .Range(0, count)
                    .Select(i =>
                        $"\"r{i}\": {{ \"ClusterId\": \"c\", \"Match\": {{ \"Endpoints\": [\"edge\"], \"SourceNetworks\": [\"{network(i)}\"] }} }}"
                    )
            )}} },
                "Clusters": { "c": {{Json.Cluster(port)}} } } }
            """;

    private static Task<TestHost> StartAsync(string json) => TestHost.StartAsync(WithAdmin(json));

    private static string WithAdmin(string json) =>
        json.Insert(1, $"\"Admin\": {{ \"Url\": \"http://127.0.0.1:0\" }}{(json.Length > 3 ? "," : "")}");

    private Task<HttpResponseMessage> GetAsync(TestHost host) =>
        _http.GetAsync(new Uri(host.Urls.Single(), "/api/events"), HttpCompletionOption.ResponseHeadersRead);

    private async Task<StreamReader> OpenAsync(TestHost host)
    {
        var answer = await GetAsync(host);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return new StreamReader(await answer.Content.ReadAsStreamAsync());
    }

    private static async Task<JsonDocument> ReadAsync(StreamReader stream)
    {
        while (true)
        {
            var line = await stream.ReadLineAsync().WaitAsync(Eventually.Limit) ?? throw new EndOfStreamException();
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return JsonDocument.Parse(line["data: ".Length..]);
            }
        }
    }

    private static int Open(JsonDocument snapshot) =>
        snapshot.RootElement.GetProperty("status").GetProperty("connections").GetProperty("open").GetInt32();
}
