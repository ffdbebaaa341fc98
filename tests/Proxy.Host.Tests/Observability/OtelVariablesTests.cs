using OpenTelemetry.Exporter;
using Proxy.Host.Observability;

namespace Proxy.Host.Tests.Observability;

public sealed class OtelVariablesTests
{
    private const string Url = "http://collector.example:4317";

    [Theory]
    [InlineData("", "", "")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=" + Url, "", "METRICS TRACES LOGS")]
    [InlineData("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=" + Url, "", "LOGS")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=" + Url, "OTEL_METRICS_EXPORTER=none", "TRACES LOGS")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=" + Url, "OTEL_SDK_DISABLED=True", "")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT= ", "", "")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4317", "", "")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=/v1", "", "")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS=a=b", "", "")]
    public void Exports_Variables_EnabledForTheirSignals(string first, string second, string signals) =>
        Assert.Equal(
            signals.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            ((string[])["METRICS", "TRACES", "LOGS"]).Where(Read(first, second).Exports)
        );

    [Fact]
    public void Apply_VariablesOfOneSignal_OverrideThoseOfAllSignals()
    {
        var variables = Read(
            "OTEL_EXPORTER_OTLP_ENDPOINT=" + Url,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://traces.example/in",
            "OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf",
            "OTEL_EXPORTER_OTLP_HEADERS=a=1",
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS=b=2",
            "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=250"
        );
        var (traces, logs) = (new OtlpExporterOptions(), new OtlpExporterOptions());

        variables.Apply("TRACES", traces);
        variables.Apply("LOGS", logs);

        Assert.Equal(
            (new Uri("https://traces.example/in"), OtlpExportProtocol.HttpProtobuf, "b=2", 250),
            (traces.Endpoint, traces.Protocol, traces.Headers, traces.TimeoutMilliseconds)
        );
        Assert.Equal((OtlpExportProtocol.Grpc, "a=1", 10_000), (logs.Protocol, logs.Headers, logs.TimeoutMilliseconds));
    }

    [Fact]
    public void Problems_InvalidValues_NamesTheVariablesWithoutTheirValues()
    {
        var problems = Read(
                "OTEL_EXPORTER_OTLP_ENDPOINT=secret1",
                "OTEL_EXPORTER_OTLP_LOGS_HEADERS=secret2",
                "OTEL_EXPORTER_OTLP_TIMEOUT=0",
                "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/json",
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + Url
            )
            .Problems()
            .ToList();

        Assert.Equal(4, problems.Count);
        Assert.DoesNotContain(problems, static problem => problem.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public void ForSdk_Disabled_IsNotPassedOn() =>
        Assert.Equal(
            ["OTEL_SERVICE_NAME"],
            Read("OTEL_SDK_DISABLED=true", "OTEL_SERVICE_NAME=x", "PATH=/bin").ForSdk.Select(static pair => pair.Key)
        );

    private static OtelVariables Read(params string[] variables) =>
        new(
            variables
                .Where(static one => one.Length > 0)
                .Select(static one => one.Split('=', 2))
                .Select(static pair => KeyValuePair.Create(pair[0], (string?)pair[1]))
        );
}
