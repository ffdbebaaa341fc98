using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Proxy.Diagnostics;
using Proxy.Host.Observability.Prometheus;

namespace Proxy.Host.Tests.Observability.Prometheus;

public sealed class MeterProviderReplacerTests : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public MeterProviderReplacerTests()
    {
        var services = new ServiceCollection();
        services.AddLogging().AddMetrics().AddSingleton<ConnectionTracker>().AddSingleton<ProxyMeter>().AddSingleton<ProxyMetrics>();
        services.AddSingleton<IConfiguration>(new ConfigurationManager()).AddSingleton(TimeProvider.System);
        services.AddPrometheus(static metrics => metrics.AddMeter(ProxyMeter.Name));
        _services = services.BuildServiceProvider();
    }

    // Between edits it waits without a timer, so it is the edit that has to wake it.
    [Fact]
    public async Task Execute_EditsNeedMoreSeriesThanThereIsRoomFor_EachIsFollowedByAReplacementWithoutAScrape()
    {
        var providers = _services.GetRequiredService<MeterProviders>();
        providers.Start();
        var replacer = _services.GetServices<IHostedService>().OfType<MeterProviderReplacer>().Single();
        await replacer.StartAsync(CancellationToken.None);
        var count = providers.Count;

        for (var edit = 1; edit <= 3; edit++)
        {
            var ids = Enumerable.Range(0, edit * 3 * ProxyMeter.MaxGone).Select(static i => $"r{i}").ToList();
            _services.GetRequiredService<ProxyMetrics>().Configure(ids, []);
            var before = count;
            await Eventually.TrueAsync(() => (count = providers.Count) > before);
        }

        await replacer.StopAsync(CancellationToken.None);
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
