using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proxy.Diagnostics;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Http;

/// <summary>What is counted and written of HTTP requests.</summary>
public sealed class RequestTrackingTests : IAsyncLifetime
{
    private readonly HttpClient _http = new(new HttpClientHandler { CheckCertificateRevocationList = true });
    private readonly string _log = Path.GetTempFileName();
    private readonly TaskCompletionSource _hasHalf = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication _site = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _site = builder.Build();
        _site.Run(async context =>
        {
            if (context.Request.Path == "/cut")
            {
                await context.Response.WriteAsync("half");
                await context.Response.Body.FlushAsync();
                await _hasHalf.Task;
                context.Abort();
            }
            else if (context.Request.Path == "/long")
            {
                // YARP tells what it has copied when it copies more, a second later or more.
                while (!_hasHalf.Task.IsCompleted)
                {
                    await context.Response.WriteAsync("more");
                    await context.Response.Body.FlushAsync();
                    await Task.WhenAny(_hasHalf.Task, Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System));
                }
            }
            else if (context.Request.Path == "/never")
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            else
            {
                using var body = new StreamReader(context.Request.Body);
                context.Response.StatusCode = context.Request.Path == "/gone" ? 410 : 200;
                await context.Response.WriteAsync($"read {(await body.ReadToEndAsync()).Length}");
            }
        });
        await _site.StartAsync();
    }

    [Fact]
    public async Task Requests_OfEveryKind_AreLinesOfTheLogAndFiguresOfTheApi()
    {
        await using var other = await TestHost.StartAsync("{}"); // which hears of the same bytes
        await using var host = await TestHost.StartAsync(Configuration());
        var front = host.Urls.Single(static url => url.Host == "127.0.0.1");
        using (var content = new StringContent("12345"))
        {
            using var posted = await _http.PostAsync(new Uri(front, "/site/x?secret=1"), content);
            Assert.Equal("read 5", await posted.Content.ReadAsStringAsync());
        }

        Assert.Equal(HttpStatusCode.Gone, (await _http.GetAsync(new Uri(front, "/site/gone"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadGateway, (await _http.GetAsync(new Uri(front, "/dead/x"))).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await _http.GetAsync(new Uri(front, "/empty/x"))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync(new Uri(front, "/nobody"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _http.GetAsync(new Uri(front, "/quiet/x"))).StatusCode);
        await ReadCutAsync(new Uri(front, "/site/cut"));
        await LeaveAsync(host, front);

        var lines = await LinesAsync(7);
        Assert.Equal(
            [
                "/dead/x dead a 502 ConnectFailed Request 0 0",
                "/empty/x empty  503 NoDestination NoAvailableDestinations 0 0",
                "/nobody   404 NoRoute  0 0",
                "/site/cut site a 200 UpstreamReset ResponseBodyDestination 0 4",
                "/site/gone site a 410 Completed  0 6",
                "/site/never site a  ClientReset RequestCanceled 0 0",
                "/site/x site a 200 Completed  5 6",
            ],
            lines
                .Select(static line =>
                    string.Join(
                        ' ',
                        ((string[])["path", "route", "destination", "status", "outcome", "error", "bytesIn", "bytesOut"]).Select(name =>
                            line.GetProperty(name).ToString()
                        )
                    )
                )
                .Order(StringComparer.Ordinal) // a line is written when the proxy has ended a request, which a client may know earlier
        );
        Assert.All(lines, line => Assert.Equal($"127.0.0.1:{front.Port}", line.GetProperty("endpoint").GetString()));
        Assert.All(lines, static line => Assert.Equal(JsonValueKind.Null, line.GetProperty("connecting").ValueKind));

        var api = host.Urls.Single(static url => url.Host != "127.0.0.1");
        var route = JsonDocument.Parse(await _http.GetStringAsync(new Uri(api, "/api/routes/site"))).RootElement;
        Assert.Equal(JsonValueKind.Null, route.GetProperty("connections").ValueKind);
        var requests = route.GetProperty("requests");
        Assert.Equal("""{"2xx":2,"4xx":1,"none":1}""", requests.GetProperty("statuses").ToString());
        Assert.Equal("""{"ClientReset":1,"Completed":2,"UpstreamReset":1}""", requests.GetProperty("ended").ToString());
        var cluster = JsonDocument.Parse(await _http.GetStringAsync(new Uri(api, "/api/clusters/site"))).RootElement;
        Assert.Equal(3, cluster.GetProperty("requests").GetProperty("statuses").GetProperty("2xx").GetInt32()); // "quiet" is another route to it
        var scrape = await _http.GetStringAsync(new Uri(api, "/metrics"));
        Assert.Contains(
            "proxy_http_requests_total{otel_scope_name=\"Proxy\",proxy_cluster_id=\"dead\",proxy_route_id=\"dead\",proxy_status_class=\"5xx\"} 1\n",
            scrape,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "proxy_http_io_bytes_total{otel_scope_name=\"Proxy\",network_io_direction=\"receive\",proxy_cluster_id=\"site\",proxy_route_id=\"site\"} 5\n",
            scrape,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Request_ALongResponse_CountsWhileItRuns()
    {
        await using var host = await TestHost.StartAsync(Configuration());
        var front = host.Urls.Single(static url => url.Host == "127.0.0.1");
        var api = host.Urls.Single(static url => url.Host != "127.0.0.1");
        using var response = await _http.GetAsync(new Uri(front, "/site/long"), HttpCompletionOption.ResponseHeadersRead);
        var body = response.Content.ReadAsStringAsync();

        await Eventually.TrueAsync(async () => (await RequestsAsync()).GetProperty("bytesOut").GetInt64() > 0);

        Assert.Equal(1, (await RequestsAsync()).GetProperty("open").GetInt32());
        _hasHalf.SetResult();
        var length = (await body).Length;
        await Eventually.TrueAsync(async () => (await RequestsAsync()).GetProperty("open").GetInt32() == 0);
        Assert.Equal(length, (await RequestsAsync()).GetProperty("bytesOut").GetInt64());
        Assert.Equal(length, (await LinesAsync(1))[0].GetProperty("bytesOut").GetInt64());

        async Task<JsonElement> RequestsAsync() =>
            JsonDocument.Parse(await _http.GetStringAsync(new Uri(api, "/api/routes/site"))).RootElement.GetProperty("requests");
    }

    [Fact]
    public async Task Request_DestinationRefuses_OneShortLineInTheLog()
    {
        await File.WriteAllTextAsync(_log, Configuration(port: Ports.Free()));
        using var process = new ProxyProcess("", "run", "--config", _log);
        var port = JsonDocument
            .Parse(await File.ReadAllTextAsync(_log))
            .RootElement.GetProperty("Kestrel")
            .GetProperty("Endpoints")
            .GetProperty("Http")
            .GetProperty("Url")
            .GetString()!
            .Split(':')[^1];
        await Programs.ListensAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture));
        var before = process.Errors.Length;

        using var failed = await _http.GetAsync(new Uri($"http://localhost:{port}/dead/x%0aforged"));
        await Eventually.TrueAsync(() => process.Errors.Contains("Route dead", StringComparison.Ordinal));
        await process.SignalAsync("TERM");
        await process.ExitAsync();

        var line = Assert.Single(process.Errors[before..].Split('\n'), static line => line.Contains("dead", StringComparison.Ordinal));
        Assert.EndsWith(
            "Route dead: GET /dead/x\\u000aforged to destination a failed: Request: Connection refused. The client got the status 502. (Proxy.Host.Http.RequestTracking)",
            line,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("   at ", process.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_DestinationDropsSyn_IsAFailedDial()
    {
        // The kernel drops the SYN of a client for whom its queue has no room; the HTTP client gives up after 15 s.
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen(0);
        using var queued = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await queued.ConnectAsync(silent.LocalEndPoint!);
        using var waiting = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        Assert.Equal(SocketError.WouldBlock, Assert.Throws<SocketException>(() => waiting.Connect(silent.LocalEndPoint!)).SocketErrorCode);
        await using var host = await TestHost.StartAsync(Configuration(dead: $"http://{silent.LocalEndPoint}"));
        var front = host.Urls.Single(static url => url.Host == "127.0.0.1");

        using var answer = await _http.GetAsync(new Uri(front, "/dead/x"));

        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        var line = (await LinesAsync(1))[0];
        Assert.Equal("ConnectFailed", line.GetProperty("outcome").GetString());
        var destination = host.Services.GetRequiredService<RecentOutcomes>().Find("dead", "a")!;
        Assert.Equal((1, 1), (destination.Traffic.Dials, destination.Traffic.FailedDials));
        Assert.Contains("ConnectTimeout", destination.Dials.Current!.LastError, StringComparison.Ordinal);
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _site.DisposeAsync();
        File.Delete(_log);
    }

    /// <summary>Reads half of a response, after which the site cuts it.</summary>
    private async Task ReadCutAsync(Uri url)
    {
        using var response = await _http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        var half = new byte[4];
        await body.ReadExactlyAsync(half);
        _hasHalf.SetResult();
        await Assert.ThrowsAnyAsync<Exception>(async () => await body.ReadExactlyAsync(half));
    }

    /// <summary>Sends a request and leaves before its response.</summary>
    private static async Task LeaveAsync(TestHost host, Uri front)
    {
        var metrics = host.Services.GetRequiredService<RequestMetrics>();
        await Eventually.TrueAsync(() => metrics.Traffic().All(static one => one.Sums.Open == 0)); // those before it have ended
        using (var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, front.Port));
            await client.SendAsync(Encoding.ASCII.GetBytes("GET /site/never HTTP/1.1\r\nHost: x\r\n\r\n"));
            await Eventually.TrueAsync(() => metrics.Traffic().Any(static one => one.Sums.Open > 0));
        }

        await Eventually.TrueAsync(() => metrics.Traffic().All(static one => one.Sums.Open == 0));
    }

    private async Task<List<JsonElement>> LinesAsync(int count)
    {
        List<string> lines = [];
        await Eventually.TrueAsync(async () =>
        {
            await using var file = new FileStream(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(file);
            var text = await reader.ReadToEndAsync();
            lines = [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)]; // the last one may be incomplete
            return lines.Count >= count;
        });
        return [.. lines.Select(static line => JsonDocument.Parse(line).RootElement)];
    }

    private string Configuration(int port = 0, string dead = "http://127.0.0.1:1") =>
        $$"""
            { "Kestrel": { "Endpoints": { "Http": { "Url": "http://{{(port == 0 ? "127.0.0.1" : "localhost")}}:{{port}}" } } },
              {{(port == 0 ? $$""" "Admin": { "Url": "http://127.0.0.2:0" }, "Log": { "Access": { "Path": "{{_log}}" } }, """ : "")}}
              "ReverseProxy": {
                "Routes": {
                  "site": { "ClusterId": "site", "Match": { "Path": "/site/{**rest}" }, "Transforms": [{ "PathRemovePrefix": "/site" }] },
                  "quiet": { "ClusterId": "site", "Match": { "Path": "/quiet/{**rest}" }, "Metadata": { "AccessLog": "false" } },
                  "dead": { "ClusterId": "dead", "Match": { "Path": "/dead/{**rest}" } },
                  "empty": { "ClusterId": "empty", "Match": { "Path": "/empty/{**rest}" } } },
                "Clusters": {
                  "site": { "Destinations": { "a": { "Address": "{{_site.Urls.First()}}" } } },
                  "dead": { "Destinations": { "a": { "Address": "{{dead}}" } } },
                  "empty": { "Destinations": { } } } } }
            """;
}
