using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Diagnostics;
using Proxy.Host.Observability.Prometheus;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Metrics;

/// <summary>
/// Series of removed routes and destinations do not accumulate, neither in a scrape nor in the SDK, and the remaining series continue to
/// count. The tests run alone, because they measure memory.
/// </summary>
[Collection(Alone.Name)]
public sealed class CardinalityTests : IDisposable
{
    private const int Edits = 10_000;
    private readonly ServiceProvider _services;

    public CardinalityTests()
    {
        var services = new ServiceCollection();
        services.AddLogging().AddMetrics().AddSingleton<ConnectionTracker>().AddSingleton<ProxyMeter>().AddSingleton<ProxyMetrics>();
        services.AddSingleton<IConfiguration>(new ConfigurationManager()).AddSingleton<TimeProvider, Seconds>();
        services.AddPrometheus(static metrics => metrics.AddMeter(ProxyMeter.Name));
        _services = services.BuildServiceProvider();
        Providers.Start();
    }

    private ProxyMetrics Metrics => _services.GetRequiredService<ProxyMetrics>();

    private MeterProviders Providers => _services.GetRequiredService<MeterProviders>();

    private MeterProviderReplacer Replacer => _services.GetServices<IHostedService>().OfType<MeterProviderReplacer>().Single();

    [Fact]
    public async Task Edits_TenThousandNewRoutesAndDestinations_SeriesAreBoundedWithoutOverflow()
    {
        var (largest, dialed, connections) = (
            0,
            new Increases("proxy_dial_duration_seconds_count", "stays"),
            new Increases("proxy_connections_total", "stays", "Completed")
        );
        for (var edit = 0; edit < Edits; edit++)
        {
            Metrics.Configure(["stays", $"r{edit}"], [$"destination c d{edit}"]);
            End("stays", bytes: 1);
            End($"r{edit}", bytes: 2);
            Metrics.Dialed("c", $"d{edit}", TimeSpan.FromSeconds(1), succeeded: true);
            Metrics.Dialed("c", "stays", TimeSpan.FromSeconds(1), succeeded: true);
            if (edit % 100 == 99)
            {
                var lines = await ScrapeAsync();
                largest = Math.Max(largest, lines.Length);
                dialed.Add(lines);
                connections.Add(lines);
                Assert.DoesNotContain(lines, static line => line.Contains("otel_metric_overflow", StringComparison.Ordinal));
            }
        }

        // Only 1,000 of the 10,000 removed ids are reported, each with 15 lines for each of three histograms and some lines for counters.
        Assert.InRange(largest, 1, 60_000);
        Assert.InRange(Providers.Count, 5, Edits / ProxyMeter.MaxGone * 3);
        // ProxyMeter sums bytes and connections, so a new provider does not change them. Histograms of a new provider begin at zero.
        Assert.Equal(Edits, Value(await ScrapeAsync(), "proxy_io_bytes_total", "stays", "receive"));
        Assert.Equal(Edits, connections.Sum);
        Assert.Equal(Edits, dialed.Sum);
    }

    [Fact]
    public async Task Edits_WithoutScrapes_ReplacedProvidersFreeTheirMemory()
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var edit = 0; edit < Edits; edit++)
        {
            Metrics.Configure([$"r{edit}", $"s{edit}"], [$"destination c d{edit}"]);
            End($"r{edit}", bytes: 2);
            if (edit % 100 == 0)
            {
                await Replacer.CheckAsync();
            }
        }

        Assert.InRange(Providers.Count, 5, Edits / 100);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 64_000_000);
    }

    [Fact]
    public async Task RemovedRoutes_MoreThanTheMaximum_OnlyTheNewestAreReported()
    {
        const int Routes = ProxyMeter.MaxGone + 500;
        for (var i = 0; i < Routes; i++)
        {
            Metrics.Configure([$"r{i}"], []);
            End($"r{i}", bytes: 1);
        }

        Metrics.Configure([], []);
        _ = await ScrapeAsync(); // replaces the provider afterwards
        var lines = await ScrapeAsync();

        Assert.Equal(1, Value(lines, "proxy_io_bytes_total", $"\"r{Routes - 1}\"", "receive"));
        Assert.DoesNotContain(lines, static line => line.Contains("\"r0\"", StringComparison.Ordinal));
        Assert.Equal(
            ProxyMeter.MaxGone * 2,
            lines.Count(static line => line.StartsWith("proxy_io_bytes_total{", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task Configuration_LargerThanBefore_AllSeriesAreReported()
    {
        string[] routes = [.. Enumerable.Range(0, 12_000).Select(static i => $"r{i}")];
        await Replacer.StartAsync(default);
        Metrics.Configure(routes, []);
        await Eventually.TrueAsync(() => Providers.Count == 2);
        await Replacer.StopAsync(default);
        foreach (var route in routes)
        {
            End(route, bytes: 1);
        }

        var lines = await ScrapeAsync();

        Assert.Equal(2 * routes.Length, lines.Count(static line => line.StartsWith("proxy_connections_total{", StringComparison.Ordinal)));
        Assert.Equal(2 * routes.Length, lines.Count(static line => line.StartsWith("proxy_io_bytes_total{", StringComparison.Ordinal)));
        Assert.Equal(
            routes.Length,
            lines.Count(static line => line.StartsWith("proxy_connection_duration_seconds_count{", StringComparison.Ordinal))
        );
        Assert.DoesNotContain(lines, static line => line.Contains("otel_metric_overflow", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Replace_AfterScrape_ContainsNoSeriesTwice()
    {
        Metrics.Configure(["r"], []);
        End("r", bytes: 1);
        _ = await ScrapeAsync();

        Providers.Replace();
        End("r", bytes: 1);
        var lines = await ScrapeAsync();

        Assert.Equal(lines.Length, lines.DistinctBy(static line => line[..(line.LastIndexOf(' ') + 1)]).Count());
        Assert.Equal(1, Value(lines, "proxy_connection_duration_seconds_count", "\"r\"", ""));
        Assert.Equal(2, Value(lines, "proxy_io_bytes_total", "\"r\"", "receive"));
    }

    [Fact]
    public async Task Peers_WithForgedIds_ShareOneSeries()
    {
        var channels = new TunnelMetrics(_services.GetRequiredService<ProxyMeter>(), new MemberDirectory("A_1"));
        for (var i = 0; i < 10_000; i++)
        {
            channels.Asked(ChannelSlots.Serves, $"forged-{i}", 100 + (i % 900));
        }

        var lines = await ScrapeAsync();
        Assert.InRange(lines.Count(static line => line.StartsWith("proxy_channel_tunnels_total{", StringComparison.Ordinal)), 1, 12);
    }

    [Fact]
    public void Ended_InSteadyState_AllocatesNothing()
    {
        var records = Enumerable.Range(0, 2000).Select(i => Record("r", 5)).ToList();
        var tracker = _services.GetRequiredService<ConnectionTracker>();
        records.ForEach(tracker.Add);
        records[..1000].ForEach(Metrics.Ended);
        Metrics.Dialed("c", "d", TimeSpan.FromMilliseconds(1), succeeded: true);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 1000; i < 2000; i++)
        {
            Metrics.Ended(records[i]);
            Metrics.Dialed("c", "d", TimeSpan.FromMilliseconds(1), succeeded: true);
            records[i].CountClientBytes(1);
        }

        // Allows a growth of the SDK's tables. An object per connection would be 24,000 bytes.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2000);
    }

    public void Dispose() => _services.Dispose();

    private static ConnectionRecord Record(string route, int bytes)
    {
        var record = new ConnectionRecord(new DefaultConnectionContext(route), "endpoint", "", TimeProvider.System) { RouteId = route };
        record.CountClientBytes(bytes);
        record.TryEnd(ConnectionOutcome.Completed);
        return record;
    }

    private static double Value(string[] lines, string name, string route, string label)
    {
        var line = Assert.Single(
            lines,
            line =>
                line.StartsWith($"{name}{{", StringComparison.Ordinal)
                && line.Contains(route, StringComparison.Ordinal)
                && line.Contains(label, StringComparison.Ordinal)
        );
        return double.Parse(line[line.LastIndexOf(' ')..], CultureInfo.InvariantCulture);
    }

    private void End(string route, int bytes) => Metrics.Ended(Record(route, bytes));

    private async Task<string[]> ScrapeAsync()
    {
        var scrape = await _services.GetRequiredService<ScrapeCollector>().GetAsync(new HeaderDictionary(), default);
        Assert.Equal(StatusCodes.Status200OK, scrape.Status);
        return Encoding.UTF8.GetString(scrape.Body.Span).Split('\n');
    }

    /// <summary>Sums the increases of a counter, and handles resets in the same way as Prometheus.</summary>
    private sealed class Increases(string name, string id, string label = "")
    {
        private double _last;

        public double Sum { get; private set; }

        public void Add(string[] lines)
        {
            var now = Value(lines, name, $"\"{id}\"", label);
            Sum += now >= _last ? now - _last : now;
            _last = now;
        }
    }

    /// <summary>A clock that advances by a second with each call, so that no scrape is answered from the cache.</summary>
    private sealed class Seconds : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Interlocked.Increment(ref _now);
    }
}
