using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

public sealed class ProxyMetricsTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ConnectionTracker _tracker = new();
    private readonly ProxyMetrics _metrics;
    private readonly AccessLog _log = new(null);
    private readonly TrackingMiddleware _middleware;

    public ProxyMetricsTests()
    {
        _metrics = new ProxyMetrics(new ProxyMeter(_services.GetRequiredService<IMeterFactory>()), _tracker);
        _middleware = new(_tracker, _metrics, _log, TimeProvider.System, NullLogger<TrackingMiddleware>.Instance);
    }

    [Fact]
    public async Task Bytes_ScrapedBeforeWhileAndAfterAConnectionEnds_TheSame()
    {
        var scrapes = new List<long>();
        using var ending = Listen("proxy.connection.duration", _ => scrapes.Add(Scrape())); // measured as it ends

        await RunAsync(() => scrapes.Add(Scrape()));
        scrapes.Add(Scrape());

        Assert.Equal([7, 7, 7], scrapes);
    }

    [Fact]
    public async Task Bytes_ScrapedWhileManyConnectionsEnd_NeverGoBackwards()
    {
        const int Each = 2000;
        var load = Task.WhenAll(
            Enumerable
                .Range(0, 2)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        for (var i = 0; i < Each; i++)
                        {
                            await RunAsync(static () => { });
                        }
                    })
                )
        );

        var last = 0L;
        while (!load.IsCompleted)
        {
            var now = Scrape();
            Assert.InRange(now, last, long.MaxValue);
            last = now;
        }

        await load;
        Assert.Equal(2 * Each * 7, Scrape());
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _log.Dispose();
        _services.Dispose();
    }

    /// <summary>A connection of five bytes one way and two the other.</summary>
    private Task RunAsync(Action beforeItsEnd) =>
        _middleware.OnConnectionAsync(
            new FakeConnection(),
            "endpoint",
            "",
            connection =>
            {
                var record = ConnectionRecord.Of(connection);
                record.RouteId = "r";
                record.CountClientBytes(5);
                record.CountUpstreamBytes(2);
                beforeItsEnd();
                return Task.CompletedTask;
            }
        );

    private long Scrape()
    {
        var sum = 0L;
        using var listener = Listen("proxy.io", value => sum += value);
        listener.RecordObservableInstruments();
        return sum;
    }

    private MeterListener Listen(string instrument, Action<long> measured)
    {
        // Other tests have meters of the same name; the scope tells ours.
        var scope = _services.GetRequiredService<IMeterFactory>();
        var listener = new MeterListener
        {
            InstrumentPublished = (published, listener) =>
            {
                if (published.Name == instrument && published.Meter.Scope == scope)
                {
                    listener.EnableMeasurementEvents(published);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => measured(value));
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => measured(0));
        listener.Start();
        return listener;
    }
}
