using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

public sealed class TrafficHistoryTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ConnectionTracker _tracker = new();
    private readonly RecentOutcomes _recent;
    private readonly ProxyMetrics _metrics;
    private readonly RequestMetrics _requests;
    private readonly TrafficHistory _history;

    public TrafficHistoryTests()
    {
        _recent = new(_time);
        var meter = new ProxyMeter(_services.GetRequiredService<IMeterFactory>());
        _metrics = new(meter, _tracker, _recent);
        _requests = new(meter, _recent);
        _history = new(_tracker, _requests, _recent, _time);
    }

    [Fact]
    public void Sample_ConnectionsEnded_SumsAndTheFailedOneWithItsConnection()
    {
        End(ConnectionOutcome.Completed, 10);
        _history.Sample();
        _time.Advance(TrafficHistory.Interval);
        End(ConnectionOutcome.UpstreamReset, 5);
        _history.Sample();

        Assert.Equal([(1L, 0L, 10L), (2L, 1L, 15L)], _history.Samples.Select(static one => (one.Ended, one.Failed, one.BytesIn)));
        var end = Assert.Single(_history.Ends);
        Assert.Equal(("r", ConnectionOutcome.UpstreamReset, 5L, "c"), (end.Route, end.Outcome, end.BytesIn, end.Id));
    }

    [Fact]
    public void Sample_MoreThanFiveMinutes_TheOldestGo()
    {
        var start = _time.GetUtcNow();
        for (var i = 0; i < TrafficHistory.Most + 30; i++)
        {
            _history.Sample();
            _time.Advance(TrafficHistory.Interval);
        }

        var samples = _history.Samples;
        Assert.Equal(TrafficHistory.Most, samples.Count);
        Assert.Equal(start + (TrafficHistory.Interval * 30), samples[0].At);
        Assert.Equal(TimeSpan.FromMinutes(5) - TrafficHistory.Interval, samples[^1].At - samples[0].At);
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _services.Dispose();
    }

    private void End(ConnectionOutcome outcome, int bytes)
    {
        var record = new ConnectionRecord(new FakeConnection("c"), "e", "", _time) { RouteId = "r" };
        record.CountClientBytes(bytes);
        record.TryEnd(outcome);
        _tracker.Add(record);
        _metrics.Ended(record);
    }
}
