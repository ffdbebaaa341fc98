using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>Writes what a reader collects into a buffer, when it is asked to.</summary>
[ExportModes(ExportModes.Pull)]
internal sealed class PrometheusExporter(PrometheusOptions options, ILogger<PrometheusExporter> logger)
    : BaseExporter<Metric>,
        IPullMetricExporter
{
    private const int Attempts = 3;
    private readonly Lock _gate = new(); // guards all below: one collection at a time
    private readonly ExpositionWriter _writer = new(options, logger);
    private PooledBuffer? _to; // the collection that takes it writes to it
    private int _collections;
    private bool _openMetrics;
    private Exception? _failure;

    public PrometheusOptions Options => options;

    /// <summary>How often it was given what was collected, by a scrape or by a flush.</summary>
    public int Collections => Volatile.Read(ref _collections);

    /// <summary>What the reader sets, and a scrape calls.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <summary>Collects.</summary>
    /// <exception cref="InvalidOperationException">It failed, or nothing reads metrics any more.</exception>
    public void CollectInto(PooledBuffer to, bool openMetrics)
    {
        lock (_gate)
        {
            (_openMetrics, _failure) = (openMetrics, null);
            Volatile.Write(ref _to, to);
            var collected = true;
            // The reader lets collections that overlap share one, so that a flush of the provider may have answered for ours.
            for (var i = 0; i < Attempts && collected && Volatile.Read(ref _to) is not null; i++)
            {
                collected = Collect?.Invoke((int)Options.CollectTimeout.TotalMilliseconds) ?? false;
            }

            if (!collected || Interlocked.Exchange(ref _to, null) is not null)
            {
                throw new InvalidOperationException(_failure?.Message ?? "The metrics could not be collected.", _failure);
            }
        }
    }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        Interlocked.Increment(ref _collections);
        if (Interlocked.Exchange(ref _to, null) is not { } to)
        {
            return ExportResult.Success; // a flush, which no scrape asked for
        }

        try
        {
            _writer.Write(to, batch, ParentProvider?.GetResource() ?? Resource.Empty, _openMetrics);
            return ExportResult.Success;
        }
        catch (Exception exception)
        {
            _failure = exception;
            return ExportResult.Failure;
        }
    }

    protected override void Dispose(bool disposing)
    {
        lock (_gate)
        {
            Collect = null;
            _writer.Dispose();
        }

        base.Dispose(disposing);
    }
}
