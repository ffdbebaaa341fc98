using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration.Reading;

public sealed class TelemetryVariablesTests
{
    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=of-vendor", "of-vendor")]
    [InlineData(
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        "a=one , Authorization=Bearer%20of-vendor",
        "one,Bearer%20of-vendor,Bearer of-vendor,of-vendor"
    )]
    [InlineData("otel_exporter_otlp_logs_headers", "a=x=y", "x=y")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317", "")]
    [InlineData("HOTEL_HEADERS", "a=b", "")]
    public void Secrets_Variables_ThoseOfHeaders(string name, string value, string expected) =>
        Assert.Equal(expected, string.Join(',', TelemetryVariables.Secrets([new(name, value)]).Distinct()));
}
