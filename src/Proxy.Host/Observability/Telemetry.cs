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
/// OpenTelemetry in the host's container: metrics always, for scrapes; spans and log records only where an OTLP receiver is named, and
/// metrics go there then, too. Without one spans have no listener, and cost nothing.
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

    // A request's spans: of the server, of YARP's forwarding and health checks, and of the client. YARP has no meter.
    private static readonly string[] _sources = [ProxyTracing.SourceName, "Microsoft.AspNetCore", "Yarp.ReverseProxy", "System.Net.Http"];

    /// <summary>Adds it. Nothing of it stops what is proxied: what cannot be followed is warned of.</summary>
    public static void Add(WebApplicationBuilder builder, OtelVariables variables)
    {
        var services = builder.Services;
        builder.Configuration.AddInMemoryCollection(variables.ForSdk); // which the SDK reads from here only
        var telemetry = new HostTelemetryBuilder(services)
            .ConfigureResource(Describe)
            .WithMetrics(metrics => AddMetrics(metrics, variables));
        if (variables.Exports(OtelVariables.Traces))
        {
            RequestSpans.Enable();
            telemetry.WithTracing(traces =>
                traces.AddSource(_sources).AddOtlpExporter(options => Set(options, OtelVariables.Traces, variables))
            );
        }

        if (variables.Exports(OtelVariables.Logs))
        {
            telemetry.WithLogging(
                logs => logs.AddOtlpExporter(options => Set(options, OtelVariables.Logs, variables)),
                static options => options.IncludeFormattedMessage = true
            );
        }

        services.AddPrometheus();
        services.AddSingleton(variables);
        services.AddSingleton<ExportFaults>();
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService, TelemetryStarter>()); // the first to start is the last to stop
    }

    private static void AddMetrics(MeterProviderBuilder metrics, OtelVariables variables)
    {
        metrics.AddMeter(_meters).SetExemplarFilter(ExemplarFilterType.TraceBased);
        ((IDeferredMeterProviderBuilder)metrics).Configure(static (provider, builder) => builder.AddPrometheus(provider));
        if (variables.Exports(OtelVariables.Metrics))
        {
            metrics.AddOtlpExporter(options => Set(options, OtelVariables.Metrics, variables));
        }
    }

    // What the environment says of the service comes last, and wins.
    private static void Describe(ResourceBuilder resource) =>
        resource.AddService(ServiceName, serviceVersion: Version()).AddEnvironmentVariableDetector();

    private static string? Version() => typeof(Telemetry).Assembly.GetName().Version?.ToString(3);

    private static void Set(OtlpExporterOptions options, string signal, OtelVariables variables) => variables.Apply(signal, options);

    /// <summary>What AddOpenTelemetry() of OpenTelemetry.Extensions.Hosting returns, where a registry has that.</summary>
    private sealed class HostTelemetryBuilder(IServiceCollection services) : IOpenTelemetryBuilder
    {
        public IServiceCollection Services => services;
    }
}
