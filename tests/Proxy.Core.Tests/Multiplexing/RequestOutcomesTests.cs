using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Diagnostics;
using Proxy.Multiplexing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class RequestOutcomesTests : IAsyncLifetime
{
    private readonly TestClient _client = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MultiplexMetrics _metrics;
    private readonly RequestOutcomes _outcomes;

    public RequestOutcomesTests()
    {
        _metrics = new(new ProxyMeter(Meters));
        _outcomes = new(_metrics);
    }

    private IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    [Fact]
    public void Totals_NothingHasHappened_AreEmpty()
    {
        _outcomes.Count(RequestOutcome.Dropped, _client.CreateLane(), requests: 0);

        Assert.Empty(_outcomes.Totals);
        Assert.Equal(0, _outcomes.Total(RequestOutcome.Dropped));
        Assert.Equal(0, _outcomes.TotalRepeated);
    }

    [Fact]
    public void Count_SomeOutcomes_AreInTotalsByNameAndInTheMetric()
    {
        using var answered = new Measured(Meters, "proxy.multiplex.requests", "Answered");
        using var dropped = new Measured(Meters, "proxy.multiplex.requests", "Dropped");
        using var others = new Measured(Meters, "proxy.multiplex.requests");
        var lane = _client.CreateLane();

        _outcomes.Count(RequestOutcome.Dropped, lane, requests: 3);
        _outcomes.Count(RequestOutcome.Answered, lane);
        _outcomes.CountAll(RequestOutcome.Answered, [Request(lane), Request(lane)]);

        Assert.Equal(new Dictionary<string, long> { ["Answered"] = 3, ["Dropped"] = 3 }, _outcomes.Totals);
        Assert.Equal(["Answered", "Dropped"], _outcomes.Totals.Keys);
        Assert.Equal(3, _outcomes.Total(RequestOutcome.Answered));
        Assert.Equal((3, 1, 4), (answered.Count, dropped.Count, others.Count)); // three dropped requests are one measurement
    }

    [Fact]
    public void Repeat_ARequest_IsCountedBesideItsOutcome()
    {
        using var repeats = new Measured(Meters, "proxy.multiplex.repeats");

        _outcomes.Repeat(_client.CreateLane());

        Assert.Equal(1, _outcomes.TotalRepeated);
        Assert.Equal(1, repeats.Count);
        Assert.Empty(_outcomes.Totals);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _metrics.Dispose();
        await _services.DisposeAsync();
        await _client.DisposeAsync();
    }

    private MultiplexRequest Request(RequestLane lane) => new(_client.Client) { Lane = lane };
}
