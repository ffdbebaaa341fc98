using Proxy.Diagnostics;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>
/// Sees to the meter when there are no scrapes: renews it when that is due, and has the reader let go what renewals have left behind, which it does
/// with its next collection.
/// </summary>
internal sealed class MeterRenewal(PrometheusExporter exporter, ProxyMeter meter, TimeProvider time) : BackgroundService
{
    private const int MostLeft = 3; // meters; a scrape should have their last values, but not at any price in memory
    private const int Patience = 60;
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);
    private int _collections;
    private int _generation;
    private int _waited;

    /// <summary>One look.</summary>
    public void Look()
    {
        if (_collections != exporter.Collections)
        {
            (_collections, _generation, _waited) = (exporter.Collections, meter.Generation, 0);
        }

        var overdue = meter.IsDue && ++_waited >= Patience;
        if ((overdue || meter.Generation - _generation >= MostLeft) && Collect())
        {
            meter.RenewIfDue();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Look();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private bool Collect() => exporter.Collect?.Invoke((int)exporter.Options.CollectTimeout.TotalMilliseconds) ?? false;
}
