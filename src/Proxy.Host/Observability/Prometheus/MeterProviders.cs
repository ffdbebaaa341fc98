using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Proxy.Diagnostics;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>
/// The meter provider, with the Prometheus exporter in it. The SDK never forgets a combination of labels, so the provider is replaced by a new one
/// when many of the ids that it has seen are gone: what the SDK adds up begins again, as after a restart, and what is observed goes on.
/// </summary>
/// <param name="services">The host's services.</param>
/// <param name="configure">Adds meters and other readers to a provider.</param>
internal sealed class MeterProviders(IServiceProvider services, Action<MeterProviderBuilder> configure) : IDisposable
{
    private const int MaxBytes = 128 * 1024 * 1024;
    private const int RetireLimitMilliseconds = 3000;

    private readonly Lock _gate = new(); // guards all below
    private Built? _current;
    private Task _retired = Task.CompletedTask; // the provider that was replaced last sends what it has left
    private bool _ended;

    /// <summary>How many providers there have been.</summary>
    public int Count { get; private set; }

    /// <summary>What the running provider has room for.</summary>
    public SeriesPlan Plan => Current.Plan;

    private Built Current
    {
        get
        {
            lock (_gate)
            {
                return _current ??= Build();
            }
        }
    }

    /// <summary>Begins to listen to meters, if that has not begun.</summary>
    public void Start() => _ = Current;

    /// <summary>Collects, and writes the exposition as the answer to a request. One caller at a time.</summary>
    public Task ScrapeAsync(HttpContext context) => Current.Scrape(context);

    /// <summary>Replaces the provider; best right after a collection, which has taken the last values. Not while one runs, which would fail.</summary>
    public void Renew()
    {
        lock (_gate)
        {
            if (!_ended && _current is { } old)
            {
                _current = Build();
                _retired = Task.WhenAll(_retired, Task.Run(() => Retire(old.Provider)));
            }
        }
    }

    /// <summary>Sends what is left to receivers, and ends. A receiver that does not take it is waited for until the limit.</summary>
    public async Task ShutdownAsync(int limitMilliseconds)
    {
        Task retired;
        Built? last;
        lock (_gate)
        {
            (_ended, last, retired) = (true, _current, _retired);
        }

        await Task.WhenAll(retired, Task.Run(() => last?.Provider.Shutdown(limitMilliseconds)));
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
            _current?.Provider.Dispose();
        }
    }

    // Shut down first: disposing a provider that was not waits longer for a receiver that is silent.
    private static void Retire(MeterProvider provider)
    {
        provider.Shutdown(RetireLimitMilliseconds);
        provider.Dispose();
    }

    private Built Build()
    {
        Count++;
        var plan = services.GetRequiredService<ProxyMeter>().Plan();
        var ours = services.GetRequiredService<IMeterFactory>();
        var builder = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(own => own.AddSingleton(services.GetRequiredService<IConfiguration>()))
            .AddView(instrument => View(instrument, ours, plan))
            .AddPrometheusExporter(static options =>
            {
                options.MaxScrapeResponseSizeBytes = MaxBytes;
                options.ScrapeResponseCacheDurationMilliseconds = 0; // ScrapeCollector keeps the last answer
            });
        configure(builder);
        var provider = builder.Build();
        var scrape = new ApplicationBuilder(services);
        scrape.UseOpenTelemetryPrometheusScrapingEndpoint(provider, static _ => true, null, null, null);
        return new Built(provider, scrape.Build(), plan);
    }

    // The SDK knows meters by their names, and a process may have several hosts, embedded or in tests. It keeps room for as many series as are
    // allowed, so that is what the configuration needs, and no more.
    private static MetricStreamConfiguration? View(Instrument instrument, IMeterFactory ours, SeriesPlan plan) =>
        instrument.Meter.Scope is IMeterFactory factory && factory != ours ? MetricStreamConfiguration.Drop
        : instrument.Meter.Name == ProxyMeter.Name ? new MetricStreamConfiguration { CardinalityLimit = plan.Limit(instrument.Name) }
        : null;

    private sealed record Built(MeterProvider Provider, RequestDelegate Scrape, SeriesPlan Plan);
}
