using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Proxy.Configuration.Host;
using Proxy.Diagnostics;
using Proxy.Host.Observability.Prometheus;

namespace Proxy.Host.Observability;

/// <summary>
/// Adds OpenTelemetry to the host. Metrics are always collected, for scrapes. If an OTLP receiver is configured, spans, log records and
/// metrics are exported to it. Without a receiver no listener for spans is registered, so they cost nothing.
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

    // Besides the span of the ASP.NET Core server: YARP creates spans for forwarding and health checks, and HttpClient for its requests.
    private static readonly string[] _sources = [ProxyTracing.SourceName, "Yarp.ReverseProxy", "System.Net.Http"];

    /// <summary>Registers the services. An invalid environment variable is logged as a warning at start, and does not prevent the start.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="variables">The environment variables.</param>
    /// <param name="config">What the configuration says of exports.</param>
    public static void Add(WebApplicationBuilder builder, OtelVariables variables, TelemetryConfig config)
    {
        var services = builder.Services;
        builder.Configuration.AddInMemoryCollection(variables.ForSdk); // the SDK reads its variables from the configuration of the host
        var telemetry = services.AddOpenTelemetry().ConfigureResource(Describe);
        if (variables.Exports(OtelVariables.Traces))
        {
            telemetry.WithTracing(traces =>
                (config.HealthCheckSpans ? traces : traces.AddProcessor(new HealthCheckSpans()))
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
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService, TelemetryLifetime>()); // starts first and stops last
    }

    private static void AddMetrics(MeterProviderBuilder metrics, OtelVariables variables)
    {
        metrics.ConfigureResource(Describe).AddMeter(_meters).SetExemplarFilter(ExemplarFilterType.TraceBased);
        if (variables.Exports(OtelVariables.Metrics))
        {
            metrics.AddOtlpExporter(options => Set(options, OtelVariables.Metrics, variables));
        }
    }

    // Environment variables are added last, so OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES override the name and version set here.
    private static void Describe(ResourceBuilder resource) =>
        resource.AddService(ServiceName, serviceVersion: Version()).AddEnvironmentVariableDetector();

    private static string? Version() => typeof(Telemetry).Assembly.GetName().Version?.ToString(3);

    private static void Set(OtlpExporterOptions options, string signal, OtelVariables variables) => variables.Apply(signal, options);
}
