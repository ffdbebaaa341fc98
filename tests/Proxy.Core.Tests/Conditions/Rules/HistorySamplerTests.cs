using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Conditions.Rules;
using Proxy.Connections;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Conditions.Rules;

public sealed class HistorySamplerTests
{
    [Fact]
    public async Task Start_TenSeconds_OneEveryTwoUntilItStops()
    {
        var time = new ManualTime();
        await using var proxy = new Multiplexer(Multiplexer.Portable, time);
        var history = proxy.Service<TrafficHistory>();
        await using var sampler = new HistorySampler(
            history,
            proxy.Service<ResourceConditions>(),
            proxy.Service<CertificateConditions>(),
            time,
            NullLogger<HistorySampler>.Instance
        );

        await sampler.StartAsync(CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(10));

        var samples = history.Samples.Count;
        Assert.InRange(samples, 5, 6); // the first may be at once
        await sampler.StopAsync(CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(samples, history.Samples.Count);
    }

    [Fact]
    public async Task Start_DescriptorsComeNearTheirLimit_SinceThenAndNotSinceSomebodyLooked()
    {
        var time = new ManualTime();
        await using var proxy = new Multiplexer(Multiplexer.Portable, time);
        var open = 0;
        var resources = new ResourceConditions(new Resources(1600, () => open, time), new(1000), new(time), time);
        await using var sampler = new HistorySampler(
            proxy.Service<TrafficHistory>(),
            resources,
            proxy.Service<CertificateConditions>(),
            time,
            NullLogger<HistorySampler>.Instance
        );
        await sampler.StartAsync(CancellationToken.None);
        open = 1500;
        time.Advance(TimeSpan.FromSeconds(2));
        var since = time.GetUtcNow();
        time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(since, Assert.Single(resources.Read(), static one => one.Id == "descriptors").Since);
    }

    [Fact]
    public async Task Start_ResourcesCannotBeRead_TheHistoryGoesOnAndOneLineSaysSo()
    {
        var time = new ManualTime();
        await using var proxy = new Multiplexer(Multiplexer.Portable, time);
        var history = proxy.Service<TrafficHistory>();
        using var log = new LogLines();
        var resources = new ResourceConditions(
            new Resources(1600, static () => throw new InvalidOperationException("no /proc"), time),
            new(1000),
            new(time),
            time
        );
        await using var sampler = new HistorySampler(
            history,
            resources,
            proxy.Service<CertificateConditions>(),
            time,
            new Logger<HistorySampler>(log)
        );

        await sampler.StartAsync(CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(10));

        Assert.InRange(history.Samples.Count, 5, 6);
        Assert.StartsWith("Error: ", Assert.Single(log.All), StringComparison.Ordinal);
    }
}
