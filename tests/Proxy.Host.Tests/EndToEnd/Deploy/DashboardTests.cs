using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Proxy.Host.Tests.EndToEnd.Metrics;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Deploy;

/// <summary>The Grafana dashboard and the alerts use metrics that exist.</summary>
public sealed partial class DashboardTests : IDisposable
{
    private readonly TcpServer _server = new("hello");
    private readonly TcpServer _silent = new("");
    private readonly CertificateFolder _files = new();

    [Fact]
    public async Task Queries_EveryMetricAndLabel_IsInAScrape()
    {
        var scraped = await ScrapeAsync();
        var asked = Queries().Append(await File.ReadAllTextAsync(DeployFiles.Path("prometheus", "proxy.rules.yml"))).ToList();

        var metrics = asked.SelectMany(static query => Metric().Matches(query)).Select(static match => match.Value).ToHashSet();
        Assert.InRange(metrics.Count, 20, 100);
        var missing = metrics.Where(metric => !Regex.IsMatch(scraped, $"^{metric}[{{ ]", RegexOptions.Multiline)).ToList();

        Assert.Empty(missing);
        var labels = asked.SelectMany(static query => Label().Matches(query)).Select(static match => match.Groups[1].Value).ToHashSet();
        Assert.All(labels, label => Assert.Contains($"{label}=\"", scraped, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Dashboard_Panels_HaveDistinctIdsTitlesAndPlaces()
    {
        using var dashboard = JsonDocument.Parse(await File.ReadAllTextAsync(DeployFiles.Path("grafana", "proxy.json")));
        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().ToList();

        Assert.Equal(panels.Count, panels.Select(static panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.Equal(panels.Count, panels.Select(static panel => panel.GetProperty("title").GetString()).Distinct().Count());
        var cells = panels.SelectMany(static panel => Cells(panel.GetProperty("gridPos"))).ToList();
        Assert.Equal(cells.Count, cells.Distinct().Count());
        Assert.All(cells, static cell => Assert.InRange(cell.X, 0, 23));
        Assert.All(
            panels.Where(static panel => panel.GetProperty("type").GetString() != "row"),
            static panel => Assert.Equal("${datasource}", panel.GetProperty("datasource").GetProperty("uid").GetString())
        );
    }

    public void Dispose()
    {
        _server.Dispose();
        _silent.Dispose();
        _files.Dispose();
    }

    private static List<string> Queries()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(DeployFiles.Path("grafana", "proxy.json")));
        return [.. Texts(dashboard.RootElement, "expr")];
    }

    private static IEnumerable<string> Texts(JsonElement element, string name) =>
        element.ValueKind switch
        {
            JsonValueKind.Array => element.EnumerateArray().SelectMany(item => Texts(item, name)),
            JsonValueKind.Object => element
                .EnumerateObject()
                .SelectMany(property =>
                    property.Name == name && property.Value.ValueKind == JsonValueKind.String
                        ? [property.Value.GetString()!]
                        : Texts(property.Value, name)
                ),
            _ => [],
        };

    private static IEnumerable<(int X, int Y)> Cells(JsonElement place)
    {
        var (x, y) = (place.GetProperty("x").GetInt32(), place.GetProperty("y").GetInt32());
        return from i in Enumerable.Range(x, place.GetProperty("w").GetInt32())
            from j in Enumerable.Range(y, place.GetProperty("h").GetInt32())
            select (i, j);
    }

    /// <summary>A scrape of a host in which everything that is measured has happened at least once.</summary>
    private async Task<string> ScrapeAsync()
    {
        var admin = Ports.Free();
        var closed = Ports.Free();
        var web = Ports.Free();
        await using var host = await TestHost.StartAsync(
            $$"""
            { "Kestrel": { "Endpoints": { "web": { "Url": "http://127.0.0.1:{{web}}" } } },
              "ReverseProxy": {
                "Routes": { "http": { "ClusterId": "web", "Match": { "Path": "/{**x}" } } },
                "TcpRoutes": {
                  "secure": { "Listen": "127.0.0.5:0", "ClusterId": "c", "Tls": { "Certificate": {{_files.Issue("a")}} } },
                  "plain": { "Listen": "127.0.0.1:0", "ClusterId": "c" },
                  "dead": { "Listen": "127.0.0.2:0", "ClusterId": "dead" },
                  "lock": { "Listen": "127.0.0.3:0", "ClusterId": "locked", "Mode": "Lock", "Lock": { "OnActivate": [ { "Exec": ["true"] } ] } },
                  "lines": { "Listen": "127.0.0.4:0", "ClusterId": "lines", "Mode": "Multiplex" }
                },
                "Clusters": {
                  "web": { "Destinations": { "d": { "Address": "http://127.0.0.1:{{closed}}" } } },
                  "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{_server.Port}}" } } },
                  "dead": { "Tcp": { "ConnectAttempts": 1 }, "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{closed}}" } } },
                  "locked": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{_server.Port}}" } } },
                  "lines": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{_silent.Port}}" } }, "Multiplex": { "Protocol": "line" } }
                } },
              "Admin": { "Url": "http://127.0.0.1:{{admin}}" } }
            """
        );
        await ReadAsync(host, "127.0.0.1", "");
        await ReadAsync(host, "127.0.0.2", "");
        await ReadAsync(host, "127.0.0.3", "");
        await ReadAsync(host, "127.0.0.4", "a line\n");
        using var http = new HttpClient();
        using (await http.GetAsync(new Uri($"http://127.0.0.1:{web}/"))) { }

        var record = await MeasuredMetrics.RecordAsync(host);
        GC.Collect();
        await Eventually.TrueAsync(() => host.Tracker.Count == 0);

        using var plain = await TcpClientSocket.ConnectAsync(host.AddressOf("127.0.0.1"));
        Assert.Equal("hello", await plain.ReadAsync());
        using var line = await TcpClientSocket.ConnectAsync(host.AddressOf("127.0.0.4"));
        Assert.Equal("a line\n", await line.AskAsync("a line\n"));
        host.Tracker.Add(record);
        var scraped = await http.GetStringAsync(new Uri($"http://127.0.0.1:{admin}/metrics"));
        host.Tracker.Remove(record); // a stop would wait for it
        return scraped;
    }

    private static async Task ReadAsync(TestHost host, string address, string request)
    {
        try
        {
            using var client = await TcpClientSocket.ConnectAsync(host.AddressOf(address)); // may already see the reset
            await client.SendAsync(request);
            await client.ReadAsync();
        }
        catch (SocketException)
        {
            // Nothing listens there, which is counted too.
        }
    }

    [GeneratedRegex(@"\b(proxy|dotnet|kestrel)_[a-z_]+(?=[{\[]| [=>])")]
    private static partial Regex Metric();

    [GeneratedRegex(@"\b(proxy_[a-z_]+|network_io_direction)\b(?=(=[^=]|!=|,|\)))")]
    private static partial Regex Label();
}
