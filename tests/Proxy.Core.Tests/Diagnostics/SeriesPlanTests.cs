using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

public sealed class SeriesPlanTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ProxyMeter _meter;

    public SeriesPlanTests() => _meter = new ProxyMeter(_services.GetRequiredService<IMeterFactory>());

    [Theory]
    [InlineData("proxy.lock.waiting", 0, 2000)]
    [InlineData("proxy.lock.waiting", 4000, 7000)]
    [InlineData("proxy.io", 4000, 14_000)]
    [InlineData("proxy.connections", 100_000, 200_000)]
    public void Limit_Configured_AQuarterMoreAndWhatIsGone(string instrument, int ids, int expected)
    {
        _meter.Configure(Ids(0, ids));

        Assert.Equal(expected, _meter.Plan().Limit(instrument));
    }

    [Fact]
    public void IsDue_MoreIdsGoneThanMayBeKept_UntilTheNextPlan()
    {
        _meter.Configure(Ids(0, 1));
        var plan = _meter.Plan();
        for (var i = 1; i <= ProxyMeter.MaxGone; i++)
        {
            _meter.Configure(Ids(i, 1));
        }

        Assert.False(plan.IsDue);
        _meter.Gone(1);
        Assert.True(plan.IsDue);
        Assert.False(_meter.Plan().IsDue);
    }

    [Fact]
    public void IsFull_ConfigurationGrows_OnceItIsOverTheRoom()
    {
        _meter.Configure(Ids(0, 400));
        var plan = _meter.Plan();

        _meter.Configure(Ids(0, 500 + ProxyMeter.MaxGone));
        Assert.False(plan.IsFull);
        _meter.Configure(Ids(0, 501 + ProxyMeter.MaxGone));
        Assert.True(plan.IsFull);
        Assert.False(plan.IsDue);
        Assert.False(_meter.Plan().IsFull);
    }

    [Fact]
    public void Configured_OtherIds_RaisedAfterTheyCount()
    {
        var plan = _meter.Plan();
        var full = false;
        _meter.Configured += (_, _) => full = plan.IsFull;

        _meter.Configure(Ids(0, 2 * ProxyMeter.MaxGone));

        Assert.True(full);
    }

    public void Dispose()
    {
        _meter.Dispose();
        _services.Dispose();
    }

    private static IEnumerable<string> Ids(int first, int count) => Enumerable.Range(first, count).Select(static i => $"r{i}");
}
