using Proxy.Diagnostics;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>
/// Replaces the meter provider when no scrape does: at once if an edit needs more series than it has room for, or if the replacement has
/// been due for a minute.
/// </summary>
internal sealed partial class MeterProviderReplacer : BackgroundService
{
    private const int MaxDueChecks = 60;
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);

    private readonly MeterProviders _providers;
    private readonly ScrapeCollector _collector;
    private readonly ProxyMeter _meter;
    private readonly ILogger<MeterProviderReplacer> _logger;
    private readonly SemaphoreSlim _configured = new(0);
    private int _dueChecks;

    public MeterProviderReplacer(
        MeterProviders providers,
        ScrapeCollector collector,
        ProxyMeter meter,
        ILogger<MeterProviderReplacer> logger
    )
    {
        (_providers, _collector, _meter, _logger) = (providers, collector, meter, logger);
        meter.Configured += Wake;
    }

    private bool IsWanted => _providers.Plan.IsDue || _providers.Plan.IsFull;

    /// <summary>Replaces the provider if necessary. Called at each edit, and every second while a replacement is wanted.</summary>
    public async Task CheckAsync()
    {
        _dueChecks = _providers.Plan.IsDue ? _dueChecks + 1 : 0;
        if (_dueChecks < MaxDueChecks && !_providers.Plan.IsFull)
        {
            return;
        }

        try
        {
            await _collector.ReplaceAsync();
        }
        catch (TimeoutException exception)
        {
            Log.Later(_logger, exception.Message);
        }
    }

    public override void Dispose()
    {
        _meter.Configured -= Wake;
        _configured.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await CheckAsync();
                await _configured.WaitAsync(IsWanted ? _interval : Timeout.InfiniteTimeSpan, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private void Wake(object? sender, EventArgs e) => _configured.Release();

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "The meter provider cannot be replaced, so metrics of new routes may be missing. The next attempt is in a second: {Reason}"
        )]
        public static partial void Later(ILogger logger, string reason);
    }
}
