using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Diagnostics;
using Proxy.Host.Observability.Prometheus;
using Proxy.Host.Tests.Support;
using Proxy.Revisions;

namespace Proxy.Host.Tests.Admin;

/// <summary>Readiness and metrics at the admin address, and which requests it answers.</summary>
public sealed class AdminEndpointTests : IDisposable
{
    private readonly HttpClient _http = new();
    private readonly TcpServer _server = new("hello");

    [Fact]
    public async Task Ready_RejectedEdit_StillReadyAndSaysWhatIsWrong()
    {
        await using var host = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, "/healthz/live")).StatusCode);

        await host.WriteAsync("""{ "ReverseProxy": { "TcpRoute": {} } }""");
        await Eventually.TrueAsync(() => host.Status.Rejected.Count > 0);
        using var answer = await GetAsync(host, "/healthz/ready");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var rejected = Assert.Single(json.RootElement.GetProperty("rejected").EnumerateArray()).GetString();
        Assert.Contains("did you mean 'TcpRoutes'?", rejected, StringComparison.Ordinal);
        Assert.Equal(host.Status.Running!.Id, json.RootElement.GetProperty("revision").GetString());
    }

    [Fact]
    public async Task Ready_EditIsBeingRead_SaysSinceWhen()
    {
        await using var host = await StartAsync();
        var since = new DateTimeOffset(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);
        host.Services.GetRequiredService<ProxyStatus>().Update(state => state with { ReadingSince = since });

        using var answer = await GetAsync(host, "/healthz/ready");

        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal(since, json.RootElement.GetProperty("readingSince").GetDateTimeOffset());
    }

    [Fact]
    public async Task Metrics_AfterConnectionsAndEdits_CountThem()
    {
        await using var host = await StartAsync();
        using (var client = await TcpClientSocket.ConnectAsync(host.Address))
        {
            await client.ReadAsync();
            Assert.Contains(Sample(await MetricsAsync(host), "proxy_active_connections", "r"), (double[])[1]);
            await client.AskAsync("12345");
            client.End();
            Assert.Equal("", await client.ReadAsync());
        }

        await host.WriteAsync("{ bad");
        await Eventually.TrueAsync(() => host.Status.Rejected.Count > 0);
        await Eventually.TrueAsync(() => host.Tracker.Count == 0);
        var metrics = "";
        await Eventually.TrueAsync(async () => Sample(metrics = await MetricsAsync(host), "proxy_config_reloads_total", "rejected") > 0);

        Assert.Contains("proxy_connections_total{", metrics, StringComparison.Ordinal);
        Assert.Equal(1, Sample(metrics, "proxy_connections_total", "proxy_outcome=\"Completed\""));
        Assert.Equal(5, Sample(metrics, "proxy_io_bytes_total", "receive"));
        Assert.Equal(10, Sample(metrics, "proxy_io_bytes_total", "transmit"));
        Assert.Equal(1, Sample(metrics, "proxy_dial_duration_seconds_count", "connected"));
        Assert.Equal(1, Sample(metrics, "proxy_config_reloads_total", "accepted"));
        // Twice if the file was also read between its truncation and its writing.
        Assert.InRange(Sample(metrics, "proxy_config_reloads_total", "rejected"), 1, 2);
    }

    [Fact]
    public async Task Metrics_AnotherHostInTheProcess_EachCountsItsOwn()
    {
        await using var host = await StartAsync();
        await using var other = await StartAsync();
        using var client = await TcpClientSocket.ConnectAsync(other.Address);
        await client.ReadAsync();

        var metrics = await MetricsAsync(host);

        Assert.DoesNotContain("proxy_active_connections{", metrics, StringComparison.Ordinal);
        Assert.Equal(1, Sample(await MetricsAsync(other), "proxy_active_connections", "proxy_route_id=\"r\""));
        Assert.Equal(1, Sample(metrics, "proxy_config_reloads_total", "accepted"));
        Assert.Equal(0, Sample(metrics, "proxy_config_reloads_total", "rejected"));
        Assert.Contains("\nproxy_event_loop_held_total{", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_ThousandsOfRoutes_EachHasItsOwnSeries()
    {
        const int Routes = 2500;
        await using var host = await StartAsync();
        var counted = host.Services.GetRequiredService<ProxyMetrics>();
        counted.Configure([.. Enumerable.Range(0, Routes).Select(static i => $"r{i}")], []);
        // The provider is replaced by one with room for them, which does not know what was recorded before.
        await Eventually.TrueAsync(() => !host.Services.GetRequiredService<MeterProviders>().Plan.IsFull);
        for (var i = 0; i < Routes; i++)
        {
            var record = new ConnectionRecord(new DefaultConnectionContext($"c{i}"), "endpoint", "", TimeProvider.System)
            {
                RouteId = $"r{i}",
            };
            record.TryEnd(ConnectionOutcome.Completed);
            counted.Ended(record);
        }

        var metrics = (await MetricsAsync(host)).Split('\n');

        // One series per route for each direction.
        Assert.Equal(2 * Routes, metrics.Count(static line => line.StartsWith("proxy_io_bytes_total{", StringComparison.Ordinal)));
        // Besides its Completed series, each route has an InternalError series with the value 0.
        Assert.Equal(2 * Routes, metrics.Count(static line => line.StartsWith("proxy_connections_total{", StringComparison.Ordinal)));
        // The limit on series does not remove histogram buckets.
        Assert.Contains(
            metrics,
            static line =>
                line.StartsWith("proxy_connection_duration_seconds_bucket{", StringComparison.Ordinal)
                && line.Contains("le=\"0.02\"", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Request_WithoutToken_OnlyLiveAnswers()
    {
        await using var host = await StartAsync(admin: """{ "Url": "http://127.0.0.1:0", "Token": "secret" }""");

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, "/healthz/live")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(host, "/metrics")).StatusCode);
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secreT");
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(host, "/metrics")).StatusCode);
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secret");
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, "/metrics")).StatusCode);
    }

    [Theory]
    [InlineData("bearer secret", HttpStatusCode.OK)]
    [InlineData("BEARER secret", HttpStatusCode.OK)]
    [InlineData("Bearer  secret", HttpStatusCode.OK)]
    [InlineData("Basic secret", HttpStatusCode.Unauthorized)]
    [InlineData("Bearer SECRET", HttpStatusCode.Unauthorized)]
    [InlineData("Bearer", HttpStatusCode.Unauthorized)]
    [InlineData("secret", HttpStatusCode.Unauthorized)]
    public async Task Request_WithToken_SchemeIgnoresCaseAndTokenDoesNot(string authorization, HttpStatusCode expected)
    {
        await using var host = await StartAsync(admin: """{ "Url": "http://127.0.0.1:0", "Token": "secret" }""");
        _http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);

        Assert.Equal(expected, (await GetAsync(host, "/metrics")).StatusCode);
    }

    [Theory]
    [InlineData("localhost:1", HttpStatusCode.OK)]
    [InlineData("LOCALHOST", HttpStatusCode.OK)]
    [InlineData("10.0.0.1:80", HttpStatusCode.OK)]
    [InlineData("[::1]:80", HttpStatusCode.OK)]
    [InlineData("rebound.example.com", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost.example.com:9099", HttpStatusCode.MisdirectedRequest)]
    public async Task Request_LoopbackWithoutToken_OnlyForLocalNames(string name, HttpStatusCode expected)
    {
        await using var host = await StartAsync();
        _http.DefaultRequestHeaders.Host = name;

        Assert.Equal(expected, (await GetAsync(host, "/metrics")).StatusCode);
    }

    [Fact]
    public async Task Request_AnyNameWithToken_IsAnswered()
    {
        await using var host = await StartAsync(admin: """{ "Url": "http://127.0.0.1:0", "Token": "secret" }""");
        _http.DefaultRequestHeaders.Host = "admin.example.com";
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secret");

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, "/metrics")).StatusCode);
    }

    [Fact]
    public async Task Request_UnknownPathOrMethod_Refused()
    {
        await using var host = await StartAsync();

        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(host, "/nothing")).StatusCode);
        using var post = await _http.PostAsync(new Uri(host.Urls.Single(), "/metrics"), null);
        Assert.Equal(HttpStatusCode.Forbidden, post.StatusCode);
    }

    public void Dispose()
    {
        _http.Dispose();
        _server.Dispose();
    }

    // Files are read once more after a start, which is over when this returns.
    private async Task<TestHost> StartAsync(string admin = """{ "Url": "http://127.0.0.1:0" }""")
    {
        var host = await TestHost.StartAsync(Json.Routes(Json.Route("r"), _server.Port).Insert(1, $"\"Admin\": {admin},"));
        await host.Services.GetRequiredService<ProxyStatus>().WhenSettledAsync().WaitAsync(Eventually.Limit);
        return host;
    }

    private Task<HttpResponseMessage> GetAsync(TestHost host, string path) => _http.GetAsync(new Uri(host.Urls.Single(), path));

    private async Task<string> MetricsAsync(TestHost host) => await (await GetAsync(host, "/metrics")).Content.ReadAsStringAsync();

    private static double Sample(string metrics, string name, string label)
    {
        var lines = metrics.Split('\n').Where(line => line.StartsWith(name + "{", StringComparison.Ordinal)).ToList();
        var line = Assert.Single(lines, line => line.Contains(label, StringComparison.Ordinal));
        return double.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
