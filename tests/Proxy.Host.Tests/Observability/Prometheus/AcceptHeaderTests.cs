using Microsoft.Extensions.Primitives;
using Proxy.Host.Observability.Prometheus;

namespace Proxy.Host.Tests.Observability.Prometheus;

public sealed class AcceptHeaderTests
{
    private const string Text = "text/plain; version=0.0.4; charset=utf-8";
    private const string Text1 = "text/plain; version=1.0.0; charset=utf-8; escaping=underscores";
    private const string Open = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";
    private const string Open0 = "application/openmetrics-text; version=0.0.1; charset=utf-8";

    [Theory]
    [InlineData(null, Text)]
    [InlineData("", Text)]
    [InlineData("*/*", Text)]
    [InlineData("text/html", Text)]
    [InlineData("text/plain", Text)]
    [InlineData("text/plain;version=1.0.0", Text1)]
    [InlineData("text/plain;version=2.0.0", Text)]
    [InlineData("application/openmetrics-text", Open)]
    [InlineData("APPLICATION/OpenMetrics-Text ; VERSION=\"1.0.0\"", Open)]
    [InlineData("application/openmetrics-text;version=0.0.1", Open0)]
    [InlineData("application/openmetrics-text;version=3.0.0", Text)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0", Text)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=2", Text)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=-1", Text)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=NaN", Text)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=", Text)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=1e0", Text)]
    [InlineData("application/openmetrics-text;version=1.0.0;escaping=values", Text)]
    [InlineData("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8", Open)]
    [InlineData("application/openmetrics-text;version=1.0.0;unknown=1;;;", Open)]
    [InlineData("text/plain;q=0.5,application/openmetrics-text;q=0.4", Text)]
    [InlineData("text/plain;q=0.4,application/openmetrics-text;q=0.5", Open)]
    [InlineData("text/plain;q=0.5,application/openmetrics-text;q=0.5", Text)]
    [InlineData("application/openmetrics-text;q=0.5,text/plain;q=0.5", Open)]
    [InlineData(
        "application/vnd.google.protobuf;q=0.9,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,*/*;q=0.1",
        Open
    )]
    [InlineData(
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        Open
    )]
    [InlineData(",,;;=,q=,\"", Text)]
    public void Negotiate_Header_BestThatWeSpeak(string? accept, string expected) =>
        Assert.Equal(expected, AcceptHeader.Negotiate(accept).ContentType);

    [Fact]
    public void Negotiate_SeveralHeaders_AreOneList() =>
        Assert.Equal(
            Open,
            AcceptHeader.Negotiate(new StringValues(["text/plain;q=0.3", "application/openmetrics-text;q=0.4"])).ContentType
        );

    [Fact]
    public void Negotiate_ThousandsOfEntries_NothingIsAllocatedForThem()
    {
        StringValues accept =
            string.Concat(Enumerable.Repeat("application/openmetrics-text;version=9;q=0.999999999,", 5000)) + "text/plain;q=0.1";
        _ = AcceptHeader.Negotiate(accept);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var format = AcceptHeader.Negotiate(accept);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Same(ExpositionFormat.Text, format);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("gzip", true)]
    [InlineData("deflate, GZip;q=0.5", true)]
    [InlineData("gzip;q=0", false)]
    [InlineData("gzip;q=nonsense", false)]
    [InlineData("identity, br", false)]
    public void AllowsGzip_Header_OnlyByName(string? accept, bool expected) => Assert.Equal(expected, AcceptHeader.AllowsGzip(accept));
}
