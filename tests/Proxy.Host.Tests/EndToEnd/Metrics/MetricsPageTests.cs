using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Diagnostics;
using Proxy.Host.Tests.Support;
using Proxy.Multiplexing;

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
        MeasureOthers(host.Services);
        await MeasureChannelsAsync(host.Services);

        var open = Record("r");
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

    private static void MeasureOthers(IServiceProvider services)
    {
        var metrics = services.GetRequiredService<ProxyMetrics>();
        metrics.HookEnded("r", "activate", TimeSpan.FromSeconds(1), "Succeeded");
        metrics.LoopHeld();
        var requests = services.GetRequiredService<RequestMetrics>();
        requests.Started("h", "c");
        requests.Ended(
            new()
            {
                Id = "1",
                RouteId = "h",
                ClusterId = "c",
                Method = "GET",
                Path = "/",
                Outcome = ConnectionOutcome.Completed,
                Duration = TimeSpan.FromSeconds(1),
            }
        );
        var multiplex = services.GetRequiredService<MultiplexMetrics>();
        var tags = new TagList { { "proxy.route_id", "r" } };
        multiplex.Waited(TimeSpan.FromSeconds(1), tags);
        multiplex.Exchanged(TimeSpan.FromSeconds(1), tags);
        multiplex.TimedOut(tags);
        multiplex.Reconnected(tags);
        multiplex.Late(tags);
        multiplex.CacheHit(tags);
        multiplex.Shared(tags);
        multiplex.Ended(1, tags);
        multiplex.ObserveSuspended(static () => [new Measurement<int>(1)]);
        multiplex.Observe(static () => [new Measurement<int>(1)]);
        multiplex.ObserveMemory(static () => [new Measurement<long>(1)]);
    }

    private static async Task MeasureChannelsAsync(IServiceProvider services)
    {
        var peer = new MemberRecord("B_1", "e", "127.0.0.1:1", IPAddress.Loopback);
        services.GetRequiredService<MemberDirectory>().Apply(new MembershipUpdate.Changed(peer));
        var tunnels = services.GetRequiredService<TunnelMetrics>();
        tunnels.Asked(ChannelSlots.Calls, peer.Id, 200);
        var tunnel = Record(null);
        tunnel.DestinationId = peer.Id;
        tunnels.Opened(tunnel);
        services.GetRequiredService<NotificationMetrics>().Delivered("exec", succeeded: true);
        var monitor = services.GetRequiredService<ChannelMonitor>();
        monitor.Start();
        monitor.Set([new ChannelState("c", "x", "Duplex")], new() { Min = TimeSpan.Zero, Max = TimeSpan.Zero });
        await monitor.PublishedAsync(CancellationToken.None).WaitAsync(Eventually.Limit);
    }

    private static ConnectionRecord Record(string? route) =>
        new(new DefaultConnectionContext("c"), "e", ChannelSlots.Calls, TimeProvider.System) { RouteId = route };

    private static List<(string Name, string Type)> Families(Regex pattern, string text) =>
        [.. pattern.Matches(text).Select(static match => (match.Groups[1].Value, match.Groups[2].Value)).Order()];

    [GeneratedRegex(@"^\| `(proxy_\w+)` \| (\w+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^# TYPE (proxy_\w+) (\w+)$", RegexOptions.Multiline)]
    private static partial Regex Type();

    [GeneratedRegex("`(proxy_[a-z_]+_(?:total|seconds)|proxy_(?:lock|multiplex|active)_[a-z_]+)`")]
    private static partial Regex Named();
}
