using System.Text.RegularExpressions;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Metrics;

/// <summary>Compares docs/metrics.md with a scrape of a host in which every metric has been recorded.</summary>
public sealed partial class MetricsPageTests : IDisposable
{
    private readonly HttpClient _http = new();
    private readonly TcpServer _server = new("hello");

    [Fact]
    public async Task Page_AndScrape_HaveTheSameFamiliesAndTypes()
    {
        await using var host = await TestHost.StartAsync(
            Json.Routes(Json.Route("r", "\"Mode\": \"Lock\""), _server.Port).Insert(1, """ "Admin": { "Url": "http://127.0.0.1:0" },""")
        );
        using (var client = await TcpClientSocket.ConnectAsync(host.Address))
        {
            await client.ReadAsync();
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
