using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

public sealed class RequestMetricsTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ProxyMeter _meter;
    private readonly RequestMetrics _metrics;

    public RequestMetricsTests()
    {
        _meter = new ProxyMeter(_services.GetRequiredService<IMeterFactory>());
        _metrics = new RequestMetrics(_meter);
    }

    [Fact]
    public void Traffic_RequestsOfARouteAndOfNone_AddUpByRouteAndCluster()
    {
        _metrics.Started("a", "c");
        _metrics.Started("a", "c");
        _metrics.Started("a", "c");
        _metrics.Started(null, null);
        _metrics.Transferred("a", "c", received: 3, sent: 4);
        _metrics.Transferred("a", "c", received: 0, sent: 1);
        _metrics.Ended(Request("a", "c", 204) with { BytesIn = 3, BytesOut = 5, Duration = TimeSpan.FromSeconds(2) });
        _metrics.Ended(Request("a", "c", null) with { Outcome = ConnectionOutcome.ClientReset, BytesIn = null, BytesOut = null });
        _metrics.Ended(Request(null, null, 404) with { Outcome = ConnectionOutcome.NoRoute });

        var route = Assert.Single(_metrics.Traffic(), static one => one is { RouteId: "a", ClusterId: "c" }).Sums;
        Assert.Equal((1, 3, 5, 3), (route.Open, route.BytesIn, route.BytesOut, route.Duration.TotalSeconds));
        Assert.Equal([("ClientReset", 1), ("Completed", 1)], route.Ended.Select(static pair => (pair.Key, (int)pair.Value)));
        Assert.Equal([("2xx", 1), ("none", 1)], route.Statuses.Select(static pair => (pair.Key, (int)pair.Value)));
        var none = Assert.Single(_metrics.Traffic(), static one => one.RouteId.Length == 0).Sums;
        Assert.Equal(1, none.Ended["NoRoute"]);
    }

    [Fact]
    public void Of_SeveralParts_TheirSum()
    {
        _metrics.Started("a", "c");
        _metrics.Started("b", "c");
        _metrics.Transferred("a", "c", received: 0, sent: 1);
        _metrics.Transferred("b", "c", received: 0, sent: 2);
        _metrics.Ended(Request("a", "c", 500));
        _metrics.Ended(Request("b", "c", 500));

        var sum = RequestSums.Of(_metrics.Traffic().Select(static one => one.Sums))!;

        Assert.Equal((2, 3, 2), (sum.Statuses["5xx"], sum.BytesOut, sum.Ended["Completed"]));
        Assert.Null(RequestSums.Of([]));
    }

    [Fact]
    public void Observe_ASuccessfulRequest_FailuresAreThereFromTheStart()
    {
        var seen = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, all) =>
        {
            if (instrument.Meter == _meter.Instruments)
            {
                all.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) =>
                seen.Add($"{instrument.Name} {string.Join(' ', tags.ToArray().Select(static tag => tag.Value))} {value}")
        );
        listener.Start();
        _metrics.Started("a", "c");
        _metrics.Transferred("a", "c", received: 3, sent: 5);
        _metrics.Ended(Request("a", "c", 200));

        listener.RecordObservableInstruments();

        Assert.Equal(
            [
                "proxy.http.active_requests a c 0",
                "proxy.http.io a c receive 3",
                "proxy.http.io a c transmit 5",
                "proxy.http.request.failures a c 0",
                "proxy.http.requests a c 2xx 1",
                "proxy.http.requests a c 5xx 0",
            ],
            seen.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Configure_RouteGoneLongAgo_IsForgotten()
    {
        _metrics.Configure(["a"]);
        _metrics.Started("a", "c");
        _metrics.Ended(Request("a", "c", 200));

        _metrics.Configure([]);
        Assert.Single(_metrics.Traffic());
        _metrics.Configure(Enumerable.Range(0, ProxyMeter.MaxGone).Select(static i => $"r{i}"));
        _metrics.Configure([]);

        Assert.Empty(_metrics.Traffic());
    }

    public void Dispose()
    {
        _meter.Dispose();
        _services.Dispose();
    }

    private static RequestRecord Request(string? route, string? cluster, int? status) =>
        new()
        {
            Id = "1",
            RouteId = route,
            ClusterId = cluster,
            Method = "GET",
            Path = "/",
            Status = status,
            Outcome = ConnectionOutcome.Completed,
            Duration = TimeSpan.FromSeconds(1),
        };
}
