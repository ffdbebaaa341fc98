using Proxy.Diagnostics;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>Replaces the meter provider where no scrape does: when it has no room for what was configured just now, or is due for a minute.</summary>
internal sealed partial class MeterRenewal : BackgroundService
{
    private const int Patience = 60;
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);

    private readonly MeterProviders _providers;
    private readonly ScrapeCollector _collector;
    private readonly ProxyMeter _meter;
    private readonly ILogger<MeterRenewal> _logger;
    private readonly SemaphoreSlim _configured = new(0);
    private int _waited;

    public MeterRenewal(MeterProviders providers, ScrapeCollector collector, ProxyMeter meter, ILogger<MeterRenewal> logger)
    {
        (_providers, _collector, _meter, _logger) = (providers, collector, meter, logger);
        meter.Configured += Wake;
    }

    /// <summary>One look.</summary>
    public async Task LookAsync()
    {
        _waited = _providers.Plan.IsDue ? _waited + 1 : 0;
        if (_waited < Patience && !_providers.Plan.IsFull)
        {
            return;
        }

        try
        {
            await _collector.RenewAsync();
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
                await LookAsync();
                await _configured.WaitAsync(_interval, stoppingToken);
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
        [LoggerMessage(LogLevel.Warning, "The meter provider is not replaced, which is tried again in a second: {Reason}")]
        public static partial void Later(ILogger logger, string reason);
    }
}
