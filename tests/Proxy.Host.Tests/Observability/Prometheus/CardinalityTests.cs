using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Diagnostics;
using Proxy.Host.Observability.Prometheus;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Observability.Prometheus;

/// <summary>The series of what is gone do not pile up, neither in a scrape nor in the SDK, and what is left counts on. Alone, since it measures memory.</summary>
[Collection(Alone.Name)]
public sealed class CardinalityTests : IDisposable
{
    private const int Edits = 10_000;
    private readonly ServiceProvider _services;
    private readonly MeterProvider _provider;
    private readonly ListLogger _log = new();

    public CardinalityTests()
    {
        var services = new ServiceCollection();
        services.AddMetrics().AddSingleton<ConnectionTracker>().AddSingleton<ProxyMeter>().AddSingleton<ProxyMetrics>();
        services.AddSingleton(new PrometheusExporter(new PrometheusOptions { ScopeLabels = false }, _log));
        _services = services.BuildServiceProvider();
        _provider = Sdk.CreateMeterProviderBuilder().AddMeter(ProxyMeter.Name).AddPrometheus(_services).Build();
    }

    private ProxyMetrics Metrics => _services.GetRequiredService<ProxyMetrics>();

    private ProxyMeter Meter => _services.GetRequiredService<ProxyMeter>();

    [Fact]
    public void Edits_TenThousandNewRoutesAndDestinations_BoundedAndWithoutOverflow()
    {
        var (largest, seen) = (0, new Seen());
        for (var edit = 0; edit < Edits; edit++)
        {
            Metrics.Configure(["stays", $"r{edit}"], [$"destination c d{edit}"]);
            End("stays", bytes: 1);
            End($"r{edit}", bytes: 2);
            Metrics.Dialed("c", $"d{edit}", TimeSpan.FromSeconds(1), succeeded: true);
            if (edit % 100 == 99)
            {
                var lines = Scrape();
                largest = Math.Max(largest, lines.Length);
                seen.Add(lines);
            }
        }

        // 1,000 ids that are gone, each with 15 lines of three histograms and some of counters; not 10,000.
        Assert.InRange(largest, 1, 60_000);
        Assert.Empty(_log.Lines);
        Assert.InRange(Meter.Generation, 5, Edits / ProxyMeter.MaxGone * 3);
        // Bytes are summed by us, and a renewal does not touch them; the rest begins again, as after a restart.
        Assert.Equal(Edits, Value(Scrape(), "proxy_io_bytes_total", "stays", "receive"));
        Assert.Equal(Edits, seen.Connections);
    }

    [Fact]
    public void Edits_NobodyScrapes_ReaderLetsGoOfWhatWasRenewed()
    {
        var renewal = new MeterRenewal(_services.GetRequiredService<PrometheusExporter>(), Meter, TimeProvider.System);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var edit = 0; edit < Edits; edit++)
        {
            Metrics.Configure([$"r{edit}", $"s{edit}"], [$"destination c d{edit}"]);
            End($"r{edit}", bytes: 2);
            if (edit % 100 == 0)
            {
                renewal.Look();
            }
        }

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 64_000_000);
    }

    [Fact]
    public void Removed_Routes_TheNewestAreStillReportedAndTheOldestForgotten()
    {
        const int Routes = ProxyMeter.MaxGone + 500;
        for (var i = 0; i < Routes; i++)
        {
            Metrics.Configure([$"r{i}"], []);
            End($"r{i}", bytes: 1);
        }

        Metrics.Configure([], []);
        _ = Scrape(); // with what a renewal has left
        var lines = Scrape();

        Assert.Equal(1, Value(lines, "proxy_io_bytes_total", $"\"r{Routes - 1}\"", "receive"));
        Assert.DoesNotContain(lines, static line => line.Contains("\"r0\"", StringComparison.Ordinal));
        Assert.Equal(
            ProxyMeter.MaxGone * 2,
            lines.Count(static line => line.StartsWith("proxy_io_bytes_total{", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void Configuration_LargerThanBefore_HasRoom()
    {
        string[] routes = [.. Enumerable.Range(0, 12_000).Select(static i => $"r{i}")];
        Metrics.Configure(routes, []);
        foreach (var route in routes)
        {
            End(route, bytes: 1);
        }

        var lines = Scrape();

        Assert.Equal(2 * routes.Length, lines.Count(static line => line.StartsWith("proxy_connections_total{", StringComparison.Ordinal)));
        Assert.Equal(2 * routes.Length, lines.Count(static line => line.StartsWith("proxy_io_bytes_total{", StringComparison.Ordinal)));
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void Peers_ThatCallThemselvesAnything_AreOneSeries()
    {
        var channels = new TunnelMetrics(Meter, new MemberDirectory("A_1"));
        for (var i = 0; i < 10_000; i++)
        {
            channels.Asked(ChannelSlots.Serves, $"forged-{i}", 100 + (i % 900));
        }

        Assert.InRange(Scrape().Count(static line => line.StartsWith("proxy_channel_tunnels_total{", StringComparison.Ordinal)), 1, 12);
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

        // A growth of the SDK's tables for this thread at most; an object per connection would be 24,000.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2000);
    }

    public void Dispose()
    {
        _provider.Dispose();
        _services.Dispose();
    }

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

    private string[] Scrape()
    {
        using var buffer = new PooledBuffer(256 * 1024 * 1024);
        _services.GetRequiredService<PrometheusExporter>().CollectInto(buffer, openMetrics: false);
        Meter.RenewIfDue();
        return Encoding.UTF8.GetString(buffer.Written.Span).Split('\n');
    }

    /// <summary>A counter as Prometheus adds it up over resets.</summary>
    private sealed class Seen
    {
        private double _last;

        public double Connections { get; private set; }

        public void Add(string[] lines)
        {
            var now = Value(lines, "proxy_connections_total", "stays", "Completed");
            Connections += now >= _last ? now - _last : now;
            _last = now;
        }
    }
}
