using System.Diagnostics.Metrics;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proxy.Diagnostics;
using Proxy.Host.Observability;
using Proxy.Host.Observability.Prometheus;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Observability.Prometheus;

/// <summary>Scrapes of a host.</summary>
public sealed class PrometheusEndpointTests : IDisposable
{
    private readonly HttpClient _http = new();
    private readonly ManualResetEventSlim _entered = new();
    private readonly ManualResetEventSlim _go = new();
    private int _collections;

    [Fact]
    public async Task Scrape_OpenMetricsAndGzip_AnswersWithBoth()
    {
        await using var host = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, Url(host));
        request.Headers.Accept.ParseAdd("application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
        request.Headers.AcceptEncoding.ParseAdd("gzip");

        using var response = await _http.SendAsync(request);

        Assert.Equal("application/openmetrics-text", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(["Accept", "Accept-Encoding"], response.Headers.Vary);
        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        await using var body = new GZipStream(await response.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        using var reader = new StreamReader(body);
        var text = await reader.ReadToEndAsync();
        Assert.Contains("proxy_config_reloads_total{", text, StringComparison.Ordinal);
        Assert.EndsWith("\n# EOF\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("text/html", "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("text/plain;version=1.0.0", "text/plain; version=1.0.0; charset=utf-8; escaping=underscores")]
    [InlineData(
        "text/plain;q=0.4,application/openmetrics-text;q=0.5",
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
    )]
    [InlineData("application/openmetrics-text;version=0.0.1", "application/openmetrics-text; version=0.0.1; charset=utf-8")]
    [InlineData(
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,*/*;q=0.1",
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
    )]
    public async Task Scrape_Accept_AnswersInThatFormatWithTheSameNames(string? accept, string expected)
    {
        await using var host = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, Url(host));
        request.Headers.TryAddWithoutValidation("Accept", accept);

        using var response = await _http.SendAsync(request);

        Assert.Equal(expected, response.Content.Headers.ContentType?.ToString());
        Assert.Contains("\nproxy_config_reloads_total{", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scrape_WholeHost_ContainsNoSeriesTwice()
    {
        await using var host = await StartAsync();

        var lines = (await _http.GetStringAsync(Url(host))).TrimEnd().Split('\n');

        Assert.InRange(lines.Length, 100, int.MaxValue);
        Assert.Equal(lines.Length, lines.DistinctBy(static line => line[0] == '#' ? line : line[..line.LastIndexOf(' ')]).Count());
    }

    [Fact]
    public async Task Scrape_CollectionExceedsTheScrapeTimeout_Answers408AndServesTheNext()
    {
        await using var host = await StartAsync();
        using var slow = Slow(host);
        using var request = new HttpRequestMessage(HttpMethod.Get, Url(host));
        request.Headers.Add("X-Prometheus-Scrape-Timeout-Seconds", "0.05");

        using (var response = await _http.SendAsync(request))
        {
            Assert.Equal(HttpStatusCode.RequestTimeout, response.StatusCode);
        }

        _go.Set();
        using var next = await _http.GetAsync(Url(host));
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Fact]
    public async Task Scrapes_AtTheSameTime_ShareOneCollection()
    {
        await using var host = await StartAsync();
        using var slow = Slow(host);
        var collector = host.Services.GetRequiredService<ScrapeCollector>();

        var scrapes = Enumerable.Range(0, 100).Select(_ => collector.GetAsync(new HeaderDictionary(), default)).ToList();
        Assert.True(_entered.Wait(Eventually.Limit));
        Assert.All(scrapes, static scrape => Assert.False(scrape.IsCompleted));
        _go.Set();
        var expositions = await Task.WhenAll(scrapes);

        Assert.Single(expositions.Distinct());
        Assert.Equal(1, _collections);
    }

    [Fact]
    public async Task Scrape_CollectionFails_Answers500AndLogsTheError()
    {
        using var log = new LogLines();
        using var faults = new ExportFaults(TimeProvider.System, log.CreateLogger<ExportFaults>());
        faults.Listen();
        await using var host = await StartAsync();
        host.Services.GetRequiredService<MeterProviders>().Dispose();

        using var response = await _http.GetAsync(Url(host));

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.DoesNotContain("# ", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains(log.Lines, static line => line.StartsWith("Telemetry: ScrapeFailed: Failed to collect", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(30_000, "HTTP/1.1 200")]
    [InlineData(64_000, "HTTP/1.1 431")]
    public async Task Scrape_VeryLongAccept_IsAnsweredOrRefused(int length, string expected)
    {
        await using var host = await StartAsync();
        var accept = string.Concat(Enumerable.Repeat("a/b;q=9,", length / 8));

        using var socket = await AskAsync(Url(host), $"Accept: {accept}\r\nConnection: close\r\n");

        using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        Assert.StartsWith(expected, await reader.ReadLineAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scrapes_WhileTheHostStops_DoNotDelayTheStop()
    {
        var host = await StartAsync();
        var url = Url(host);
        var scraping = Enumerable.Range(0, 4).Select(_ => ScrapeUntilRefusedAsync(url)).ToList();

        await host.DisposeAsync().AsTask().WaitAsync(Eventually.Limit);

        await Task.WhenAll(scraping).WaitAsync(Eventually.Limit);
    }

    public void Dispose()
    {
        _go.Set();
        _http.Dispose();
        _entered.Dispose();
        _go.Dispose();
    }

    internal static Task<TestHost> StartAsync() =>
        TestHost.StartAsync(Json.Routes(Json.Route("r"), 1).Insert(1, """ "Admin": { "Url": "http://127.0.0.1:0" },"""));

    internal static Uri Url(TestHost host) => new(host.Urls.Single(), "/metrics");

    internal static Meter MeterOf(TestHost host) =>
        new(new MeterOptions(ProxyMeter.Name) { Scope = host.Services.GetRequiredService<IMeterFactory>() });

    internal static async Task<Socket> AskAsync(Uri url, string headers)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, url.Port);
        var request = Encoding.ASCII.GetBytes($"GET /metrics HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        for (var sent = 0; sent < request.Length; )
        {
            sent += await socket.SendAsync(request.AsMemory(sent));
        }

        return socket;
    }

    private async Task ScrapeUntilRefusedAsync(Uri url)
    {
        try
        {
            while (true)
            {
                using var response = await _http.GetAsync(url);
                Assert.Contains(response.StatusCode, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.InternalServerError]);
            }
        }
        catch (HttpRequestException)
        {
            // The host has stopped.
        }
    }

    private Meter Slow(TestHost host)
    {
        var meter = MeterOf(host);
        meter.CreateObservableGauge(
            "test.slow",
            () =>
            {
                Interlocked.Increment(ref _collections);
                _entered.Set();
                _go.Wait(Eventually.Limit);
                return 1;
            }
        );
        return meter;
    }
}
