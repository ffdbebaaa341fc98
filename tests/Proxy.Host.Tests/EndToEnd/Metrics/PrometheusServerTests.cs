using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Metrics;

/// <summary>Checks a scrape with promtool, and scrapes a host with a real Prometheus in both formats.</summary>
public sealed class PrometheusServerTests : IDisposable
{
    private const string Received = "sum by (job) (proxy_io_bytes_total{network_io_direction=\"receive\"})";
    private readonly string _folder = Directory.CreateTempSubdirectory("proxy-prometheus-").FullName;
    private readonly HttpClient _http = new();
    private readonly TcpServer _server = new("hello");

    [RealServerFact("promtool")]
    public async Task Promtool_Scrape_FindsNoProblem()
    {
        await using var host = await StartAsync();
        await UseAsync(host);

        var text = await _http.GetStringAsync(new Uri(await AdminAsync(host), "/metrics"));

        Assert.Equal("", await Programs.RunAsync("promtool", Ours(text), "check", "metrics"));
    }

    [RealServerFact("prometheus")]
    public async Task Prometheus_ScrapesBothFormats_AndAnswers()
    {
        await using var host = await StartAsync();
        await UseAsync(host);
        var admin = await AdminAsync(host);
        var plain = host.Urls.Single(url => url != admin);
        await host.EditAsync(Config(admin));
        using var prometheus = StartPrometheus(admin, plain, out var api);
        try
        {
            await EventuallyAsync(api, "up", static value => value == 1);
            await EventuallyAsync(api, Received, static value => value == 5);
            await UseAsync(host);
            await EventuallyAsync(api, Received, static value => value == 10);
            await EventuallyAsync(api, "count by (job) (target_info)", static value => value == 1);
        }
        finally
        {
            prometheus.Kill();
            await prometheus.WaitForExitAsync();
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    // Only the metrics of the proxy are checked. promtool also complains about names of the .NET runtime, which cannot be changed.
    private static string Ours(string text) =>
        string.Concat(
            text.Split('\n')
                .Where(static line =>
                    line.Contains("proxy_", StringComparison.Ordinal) || line.Contains("target_info", StringComparison.Ordinal)
                )
                .Select(static line => line + "\n")
        );

    private static async Task UseAsync(TestHost host)
    {
        using (var client = await TcpClientSocket.ConnectAsync(host.Address))
        {
            await client.ReadAsync();
            await client.AskAsync("12345");
            client.End();
            Assert.Equal("", await client.ReadAsync());
        }

        await Eventually.TrueAsync(() => host.Tracker.Count == 0);
    }

    // Prometheus asks for OpenMetrics. An HTTP route to the admin endpoint replaces the Accept header to get the text format.
    private string Config(Uri? admin) =>
        $$"""
            { "Admin": { "Url": "http://127.0.0.1:0" },
              "Kestrel": { "Endpoints": { "web": { "Url": "http://127.0.0.1:0" } } },
              "ReverseProxy": {
                "Routes": { "plain": { "ClusterId": "admin", "Match": { "Path": "{**all}" }, "Transforms": [
                  { "RequestHeader": "Accept", "Set": "text/plain" } ] } },
                "TcpRoutes": { {{Json.Route("r")}} },
                "Clusters": {
                  "admin": { "Destinations": { "a": { "Address": "{{admin ?? new Uri("http://127.0.0.1:1")}}" } } },
                  "c": {{Json.Cluster(_server.Port)}} } } }
            """;

    private Task<TestHost> StartAsync() => TestHost.StartAsync(Config(null));

    private async Task<Uri> AdminAsync(TestHost host)
    {
        foreach (var url in host.Urls)
        {
            using var response = await _http.GetAsync(new Uri(url, "/healthz/live"));
            if (response.IsSuccessStatusCode)
            {
                return url;
            }
        }

        throw new InvalidOperationException("No URL belongs to the admin endpoint.");
    }

    private Process StartPrometheus(Uri admin, Uri plain, out Uri api)
    {
        var port = Ports.Free();
        api = new Uri($"http://127.0.0.1:{port}");
        File.WriteAllText(
            $"{_folder}/prometheus.yml",
            $$"""
            global: { scrape_interval: 1s, scrape_timeout: 1s }
            scrape_configs:
              - job_name: openmetrics
                static_configs: [ { targets: [ "{{admin.Authority}}" ] } ]
              - job_name: text
                static_configs: [ { targets: [ "{{plain.Authority}}" ] } ]
            """
        );
        return Programs.Start(
            "prometheus",
            $"--config.file={_folder}/prometheus.yml",
            $"--storage.tsdb.path={_folder}/data",
            $"--web.listen-address=127.0.0.1:{port}"
        );
    }

    private Task EventuallyAsync(Uri api, string query, Predicate<double> fits) =>
        Eventually.TrueAsync(async () =>
        {
            var values = await QueryAsync(api, query);
            return values.Count == 2 && values.TrueForAll(fits);
        });

    private async Task<List<double>> QueryAsync(Uri api, string query)
    {
        try
        {
            var answer = await _http.GetStringAsync(new Uri(api, $"/api/v1/query?query={Uri.EscapeDataString(query)}"));
            using var json = JsonDocument.Parse(answer);
            return
            [
                .. json
                    .RootElement.GetProperty("data")
                    .GetProperty("result")
                    .EnumerateArray()
                    .Select(static sample => double.Parse(sample.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture)),
            ];
        }
        catch (HttpRequestException)
        {
            return []; // Prometheus does not listen yet
        }
    }
}
