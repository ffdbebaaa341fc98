using Microsoft.Extensions.DependencyInjection;
using Proxy.Diagnostics;
using Proxy.Multiplexing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class RequestReportTests : IAsyncLifetime
{
    private readonly TestClient _client = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MultiplexMetrics _metrics;
    private readonly RequestOutcomes _outcomes;
    private readonly RequestReport _report;
    private readonly RequestLane _lane;

    public RequestReportTests()
    {
        _metrics = new(new ProxyMeter(_services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()));
        _outcomes = new(_metrics);
        _report = new(_outcomes);
        _lane = _client.CreateLane();
    }

    [Fact]
    public void Refused_ManyRequests_AreToldAtOnceAndThenOnceAMinute()
    {
        Assert.Empty(_report.Refused(now: 0));

        _outcomes.Count(RequestOutcome.Suspended, _lane, 2);
        _outcomes.Count(RequestOutcome.QueueFull, _lane);
        Assert.Equal([(RequestOutcome.QueueFull, 1), (RequestOutcome.Suspended, 2)], _report.Refused(now: 100));
        Assert.Empty(_report.Refused(now: 200));

        _outcomes.Count(RequestOutcome.Suspended, _lane, 7);
        _outcomes.Count(RequestOutcome.NoPath, _lane, 5);
        _outcomes.Count(RequestOutcome.Denied, _lane);
        Assert.Empty(_report.Refused(now: 60_099));
        Assert.Equal([(RequestOutcome.Suspended, 7), (RequestOutcome.NoPath, 5), (RequestOutcome.Denied, 1)], _report.Refused(now: 60_100));
        Assert.Empty(_report.Refused(now: 200_000));
    }

    [Fact]
    public void Refused_RequestsThatWereSentOrShared_AreNot()
    {
        RequestOutcome[] served =
        [
            RequestOutcome.Answered,
            RequestOutcome.DeviceException,
            RequestOutcome.NoAnswer,
            RequestOutcome.Cached,
            RequestOutcome.Shared,
            RequestOutcome.Dropped,
        ];
        Assert.All(served, outcome => _outcomes.Count(outcome, _lane));

        Assert.Empty(_report.Refused(now: 100));
    }

    [Fact]
    public void Repeated_ManyRequests_AreToldAtOnceAndThenOnceAMinute()
    {
        Assert.Equal(0, _report.Repeated(now: 0));

        _outcomes.Repeat(_lane);
        Assert.Equal(1, _report.Repeated(now: 100));
        _outcomes.Repeat(_lane);
        _outcomes.Repeat(_lane);
        Assert.Equal(0, _report.Repeated(now: 60_099));
        Assert.Equal(2, _report.Repeated(now: 60_100));
        Assert.Equal(0, _report.Repeated(now: 200_000));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _metrics.Dispose();
        await _services.DisposeAsync();
        await _client.DisposeAsync();
    }
}
