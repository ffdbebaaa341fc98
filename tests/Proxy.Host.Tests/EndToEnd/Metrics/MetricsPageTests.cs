using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Metrics;

/// <summary>Compares docs/metrics.md with a scrape of a host in which every metric has been recorded.</summary>
public sealed partial class MetricsPageTests : IDisposable
{
    private readonly HttpClient _http = new();
    private readonly TcpServer _server = new("hello");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("metrics-");

    [Fact]
    public async Task Page_AndScrape_HaveTheSameFamiliesAndTypes()
    {
        var (exit, _, error) = await ProxyProcess.RunAsync("certificates", "server", "--folder", _folder.FullName, "--name", "a.example");
        Assert.True(exit == 0, error);
        var pair = JsonSerializer.Serialize(
            new { Path = Path.Combine(_folder.FullName, "a.example.crt"), KeyPath = Path.Combine(_folder.FullName, "a.example.key") }
        );
        await using var host = await TestHost.StartAsync(
            $$"""
            { "Admin": { "Url": "http://127.0.0.1:0" },
              "ReverseProxy": {
                "TcpEndpoints": { "closed": { "Address": "127.0.0.2:0", "DenyNetworks": ["127.0.0.0/8"] } },
                "TcpRoutes": {
                  {{Json.Route("r", "\"Mode\": \"Lock\"")}},
                  {{Json.Route(
                    "limited",
                    "\"Limits\": { \"MaxConnectionsPerSource\": 1, \"DenyNetworks\": [\"127.0.0.0/8\"] }",
                    "127.0.0.3"
                ).Replace("\"c\"", "\"other\"")}},
                  {{Json.Route("tls", $"\"Tls\": {{ \"Certificate\": {pair} }}", "127.0.0.4").Replace("\"c\"", "\"other\"")}},
                  "none": { "Match": { "Endpoints": ["closed"] }, "ClusterId": "other" } },
                "Clusters": { "c": {{Json.Cluster(_server.Port)}}, "other": {{Json.Cluster(_server.Port)}} } } }
            """
        );
        using (var client = await TcpClientSocket.ConnectAsync(host.AddressOf("127.0.0.1")))
        {
            await client.ReadAsync();
        }

        foreach (var refusing in (EndPoint[])[host.AddressOf("closed"), host.AddressOf("127.0.0.3")])
        {
            using var refused = await TcpClientSocket.ConnectAsync(refusing);
            Assert.Null(await refused.ReadAsync());
        }

        await Eventually.TrueAsync(() => host.Tracker.Count == 0);
        var open = await MeasuredMetrics.RecordAsync(host);
        host.Tracker.Add(open);
        var scrape = await _http.GetStringAsync(new Uri(host.Urls.Single(), "/metrics"));
        host.Tracker.Remove(open);
        var page = await File.ReadAllTextAsync(Repository.Path("docs", "metrics.md"));

        Assert.Equal(Families(Row(), page), Families(Type(), scrape));
    }

    [Theory]
    [InlineData("forward.md")]
    [InlineData("lock.md")]
    [InlineData("multiplex.md")]
    [InlineData("channels.md")]
    [InlineData("hooks.md")]
    [InlineData("configuration.md")]
    public async Task OtherPages_MetricsTheyName_AreOnThePage(string name)
    {
        var known = Families(Row(), await File.ReadAllTextAsync(Repository.Path("docs", "metrics.md")))
            .Select(static family => family.Name);
        var page = await File.ReadAllTextAsync(Repository.Path("docs", name));

        Assert.Empty(Named().Matches(page).Select(static match => match.Groups[1].Value).Except(known));
    }

    public void Dispose()
    {
        _http.Dispose();
        _server.Dispose();
        _folder.Delete(recursive: true);
    }

    private static List<(string Name, string Type)> Families(Regex pattern, string text) =>
        [.. pattern.Matches(text).Select(static match => (match.Groups[1].Value, match.Groups[2].Value)).Order()];

    [GeneratedRegex(@"^\| `(proxy_\w+)` \| (\w+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^# TYPE (proxy_\w+) (\w+)$", RegexOptions.Multiline)]
    private static partial Regex Type();

    [GeneratedRegex("`(proxy_[a-z_]+_(?:total|seconds)|proxy_(?:lock|multiplex|active)_[a-z_]+)`")]
    private static partial Regex Named();
}
