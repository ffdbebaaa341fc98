using Proxy.Host.Observability.Prometheus;

namespace Proxy.Host.Tests.Observability.Prometheus;

public sealed class MetricNamesTests
{
    [Theory]
    [InlineData("a.b", null, false, "a_b")]
    [InlineData("a.b", "s", false, "a_b_seconds")]
    [InlineData("a.b.seconds", "s", false, "a_b_seconds")]
    [InlineData("a_total", "By", true, "a_bytes")]
    [InlineData("a.bytes.total", "By", true, "a_bytes")]
    [InlineData("a", "1", false, "a")]
    [InlineData("a", "{connection}", false, "a")]
    [InlineData("a", "By/s", false, "a_bytes_per_second")]
    [InlineData("a", "{request}/s", false, "a_per_second")]
    [InlineData("a", "m/s", false, "a_meters_per_second")]
    [InlineData("a", "{broken", false, "a_broken")]
    [InlineData("a", "%", false, "a_percent")]
    [InlineData("9..a--b", null, false, "_9_a_b")]
    [InlineData("é", null, false, "_")]
    [InlineData("a:b", null, false, "a:b")]
    public void Family_NameAndUnit_AsTheOfficialExporter(string name, string? unit, bool counter, string expected) =>
        Assert.Equal(expected, MetricNames.Family(name, MetricNames.Unit(unit), counter));

    [Theory]
    [InlineData("d", "days")]
    [InlineData("h", "hours")]
    [InlineData("min", "minutes")]
    [InlineData("ms", "milliseconds")]
    [InlineData("us", "microseconds")]
    [InlineData("ns", "nanoseconds")]
    [InlineData("KiBy", "kibibytes")]
    [InlineData("MBy", "megabytes")]
    [InlineData("Cel", "celsius")]
    [InlineData("Hz", "hertz")]
    [InlineData("foo", "foo")]
    [InlineData(" {a}s{b} ", "seconds")]
    public void Unit_OfUcum_AWord(string unit, string expected) => Assert.Equal(expected, MetricNames.Unit(unit));
}
