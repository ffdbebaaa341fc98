using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Proxy.Diagnostics;

namespace Proxy.Benchmarks;

/// <summary>What recording the metrics of a connection takes, with a collector that listens and without one.</summary>
public class MetricBenchmarks
{
    private const int Routes = 100;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<ProxyMeter>().BuildServiceProvider();
    private readonly ConnectionTracker _tracker = new();
    private readonly ConnectionRecord[] _records = new ConnectionRecord[Routes];
    private ProxyMetrics _metrics = null!;
    private MeterProvider? _collector;
    private int _next;

    [Params(false, true)]
    public bool Collected { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _metrics = new ProxyMetrics(_services.GetRequiredService<ProxyMeter>(), _tracker);
        for (var i = 0; i < Routes; i++)
        {
            _records[i] = new(new DefaultConnectionContext(), "e", "", TimeProvider.System) { RouteId = $"route-{i}" };
            _records[i].TryEnd(ConnectionOutcome.Completed);
            _records[i].Stop();
        }

        if (Collected)
        {
#pragma warning disable CA2000 // The provider disposes it.
            var reader = new BaseExportingMetricReader(new Nowhere());
#pragma warning restore CA2000
            _collector = Sdk.CreateMeterProviderBuilder()
                .AddMeter(ProxyMetrics.MeterName)
                .SetExemplarFilter(ExemplarFilterType.TraceBased)
                .AddReader(reader)
                .Build();
        }
    }

    [Benchmark]
    public void Ended()
    {
        var record = _records[Next()];
        _tracker.Add(record);
        _metrics.Ended(record);
    }

    [Benchmark]
    public void Dialed() => _metrics.Dialed(_records[Next()].RouteId!, "destination", TimeSpan.FromMilliseconds(1), succeeded: true);

    [GlobalCleanup]
    public void End()
    {
        _collector?.Dispose();
        _services.Dispose();
    }

    private int Next() => _next = _next + 1 < Routes ? _next + 1 : 0;

    private sealed class Nowhere : BaseExporter<Metric>
    {
        public override ExportResult Export(in Batch<Metric> batch) => ExportResult.Success;
    }
}
