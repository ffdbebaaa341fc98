using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Proxy.Diagnostics;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>
/// Owns the meter provider with its Prometheus exporter. The SDK keeps every combination of labels that it has seen, so the provider is
/// replaced when many of the labelled ids no longer exist. Counters and histograms that the SDK sums then start at zero, as after a
/// restart; observable instruments keep their values.
/// </summary>
/// <param name="services">The services of the host.</param>
/// <param name="configure">Adds meters and further readers to each new provider.</param>
internal sealed class MeterProviders(IServiceProvider services, Action<MeterProviderBuilder> configure) : IDisposable
{
    private const int MaxBytes = 128 * 1024 * 1024;
    private const int RetireLimitMilliseconds = 3000;

    private readonly Lock _gate = new(); // guards the fields below
    private Built? _current;
    private Task _retired = Task.CompletedTask; // completes when all replaced providers have exported their remaining data
    private bool _ended;

    /// <summary>The number of providers that have been created.</summary>
    public int Count { get; private set; }

    /// <summary>The limits of series with which the current provider was built.</summary>
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

    /// <summary>Creates the provider, which begins to listen to meters, if it does not exist yet.</summary>
    public void Start() => _ = Current;

    /// <summary>Collects metrics and writes them as the response to a scrape. Must not be called concurrently.</summary>
    public Task ScrapeAsync(HttpContext context) => Current.Scrape(context);

    /// <summary>
    /// Replaces the provider. Must not be called during a collection, which would fail; best right after one, so that a scrape has the
    /// last values.
    /// </summary>
    public void Replace()
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

    /// <summary>Exports remaining data and shuts down. Waits for a receiver that does not respond until the limit.</summary>
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

    // Shut down first: the disposal of a provider that is not shut down waits longer for a receiver that does not respond.
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
                options.ScrapeResponseCacheDurationMilliseconds = 0; // no cache, because ScrapeCollector has one
            });
        configure(builder);
        var provider = builder.Build();
        var scrape = new ApplicationBuilder(services);
        scrape.UseOpenTelemetryPrometheusScrapingEndpoint(provider, static _ => true, null, null, null);
        return new Built(provider, scrape.Build(), plan);
    }

    // The SDK selects meters by name, and a process may have several hosts, embedded or in tests: meters of other hosts are dropped. The SDK
    // allocates memory for the maximum number of series, so the limit is what the configuration needs.
    private static MetricStreamConfiguration? View(Instrument instrument, IMeterFactory ours, SeriesPlan plan) =>
        instrument.Meter.Scope is IMeterFactory factory && factory != ours ? MetricStreamConfiguration.Drop
        : instrument.Meter.Name == ProxyMeter.Name ? new MetricStreamConfiguration { CardinalityLimit = plan.Limit(instrument.Name) }
        : null;

    private sealed record Built(MeterProvider Provider, RequestDelegate Scrape, SeriesPlan Plan);
}
