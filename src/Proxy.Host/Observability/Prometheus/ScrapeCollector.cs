using Proxy.Diagnostics;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>Collects for scrapes: one collection for all that ask at the same time, and for those shortly after.</summary>
internal sealed class ScrapeCollector(PrometheusExporter exporter, ProxyMeter meter, TimeProvider time)
{
    private readonly Lock _gate = new(); // guards the states of both
    private readonly State _text = new(false);
    private readonly State _openMetrics = new(true);

    /// <summary>An exposition, which the caller releases.</summary>
    /// <param name="openMetrics">Which syntax.</param>
    /// <param name="cancellationToken">Ends the wait, not the collection, which others may wait for.</param>
    /// <exception cref="InvalidOperationException">The collection failed.</exception>
    public async Task<Exposition> GetAsync(bool openMetrics, CancellationToken cancellationToken)
    {
        while (true)
        {
            var exposition = await Current(openMetrics ? _openMetrics : _text).WaitAsync(cancellationToken);
            if (exposition.TryUse())
            {
                return exposition;
            }
        }
    }

    private Task<Exposition> Current(State state)
    {
        lock (_gate)
        {
            if (state.Kept is { } kept)
            {
                if (time.GetElapsedTime(kept.CollectedAt) < exporter.Options.CacheTime)
                {
                    return Task.FromResult(kept);
                }

                state.Kept = null;
                kept.Release();
            }

            return state.Running ??= Task.Run(() => Run(state));
        }
    }

    private Exposition Run(State state)
    {
        Exposition? exposition = null;
        try
        {
            return exposition = Collect(state.OpenMetrics);
        }
        finally
        {
            lock (_gate)
            {
                (state.Running, state.Kept) = (null, exposition);
            }
        }
    }

    private Exposition Collect(bool openMetrics)
    {
        var text = new PooledBuffer(exporter.Options.MaxBytes);
        try
        {
            exporter.CollectInto(text, openMetrics);
            meter.RenewIfDue();
            return new Exposition(text, exporter.Options.MaxBytes, time.GetTimestamp());
        }
        catch
        {
            text.Dispose();
            throw;
        }
    }

    private sealed class State(bool openMetrics)
    {
        public bool OpenMetrics => openMetrics;

        public Task<Exposition>? Running { get; set; }

        public Exposition? Kept { get; set; }
    }
}
