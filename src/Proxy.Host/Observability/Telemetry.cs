using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Proxy.Diagnostics;
using Proxy.Host.Observability.Prometheus;

namespace Proxy.Host.Observability;

/// <summary>
/// Adds OpenTelemetry to the host: metrics always, for scrapes; spans and log records only where an OTLP receiver is named, which metrics are then sent
/// to as well. Without a receiver spans have no listener, and cost nothing.
/// </summary>
internal static class Telemetry
{
    private const string ServiceName = "proxy";

    private static readonly string[] _meters =
    [
        ProxyMetrics.MeterName,
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.MemoryPool",
        "Microsoft.AspNetCore.Server.Kestrel",
        "System.Net.Http",
        "System.Runtime",
    ];

    // A request's spans below the server's: of YARP's forwarding and health checks, and of the client. YARP has no meter.
    private static readonly string[] _sources = [ProxyTracing.SourceName, "Yarp.ReverseProxy", "System.Net.Http"];

    /// <summary>Adds it. A variable that cannot be used is logged as a warning, and does not keep the host from starting.</summary>
    public static void Add(WebApplicationBuilder builder, OtelVariables variables)
    {
        var services = builder.Services;
        builder.Configuration.AddInMemoryCollection(variables.ForSdk); // the SDK reads them from the host's configuration
        var telemetry = services.AddOpenTelemetry().ConfigureResource(Describe);
        if (variables.Exports(OtelVariables.Traces))
        {
            telemetry.WithTracing(traces =>
                traces
                    .AddSource(_sources)
                    .AddAspNetCoreInstrumentation(RequestSpans.Set)
                    .AddOtlpExporter(options => Set(options, OtelVariables.Traces, variables))
            );
        }

        if (variables.Exports(OtelVariables.Logs))
        {
            telemetry.WithLogging(
                logs => logs.AddOtlpExporter(options => Set(options, OtelVariables.Logs, variables)),
                static options => options.IncludeFormattedMessage = true
            );
        }

        services.AddPrometheus(metrics => AddMetrics(metrics, variables));
        services.AddSingleton(variables);
        services.AddSingleton<ExportFaults>();
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService, TelemetryLifetime>()); // the service that is started first is stopped last
    }

    private static void AddMetrics(MeterProviderBuilder metrics, OtelVariables variables)
    {
        metrics.ConfigureResource(Describe).AddMeter(_meters).SetExemplarFilter(ExemplarFilterType.TraceBased);
        if (variables.Exports(OtelVariables.Metrics))
        {
            metrics.AddOtlpExporter(options => Set(options, OtelVariables.Metrics, variables));
        }
    }

    // The variables of the environment are added last, so they replace the name and the version that are set here.
    private static void Describe(ResourceBuilder resource) =>
        resource.AddService(ServiceName, serviceVersion: Version()).AddEnvironmentVariableDetector();

    private static string? Version() => typeof(Telemetry).Assembly.GetName().Version?.ToString(3);

    private static void Set(OtlpExporterOptions options, string signal, OtelVariables variables) => variables.Apply(signal, options);
}
