using System.Diagnostics.Metrics;
using System.Net.Sockets;
using Proxy.Host.Tests.Observability.Prometheus;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Metrics;

/// <summary>Scrapers that ask and do not read. Runs alone, because the memory of the process is measured, and thousands of connections disturb others.</summary>
[Collection(Alone.Name)]
public sealed class SlowScraperTests : IDisposable
{
    private const int Scrapers = 2000;
    private readonly HttpClient _http = new();

    [Fact]
    public async Task Scrapers_ThousandsThatDoNotRead_UseBoundedMemoryAndBlockNoScrape()
    {
        await using var host = await PrometheusEndpointTests.StartAsync();
        using var large = Large(host);
        var url = PrometheusEndpointTests.Url(host);
        Assert.True((await _http.GetByteArrayAsync(url)).Length > 5_000_000);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var slow = new List<Socket>();
        try
        {
            for (var i = 0; i < Scrapers; i++)
            {
                slow.Add(await PrometheusEndpointTests.AskAsync(url, ""));
                if (i % 500 == 499)
                {
                    // There are more scrapers than answers may be sent at a time. One whose answer begins after the scrape below would cancel it.
                    await Task.WhenAll(slow.TakeLast(500).Select(AnsweredAsync));
                    Assert.True((await _http.GetByteArrayAsync(url)).Length > 5_000_000);
                }
            }

            // All 2,000 answers together would take 11 GB.
            Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 200_000_000);
            Assert.True((await _http.GetByteArrayAsync(url)).Length > 5_000_000);
        }
        finally
        {
            slow.ForEach(static socket => socket.Dispose());
        }
    }

    public void Dispose() => _http.Dispose();

    private static Meter Large(TestHost host)
    {
        var meter = PrometheusEndpointTests.MeterOf(host);
        var gauge = meter.CreateGauge<int>("test.large");
        for (var i = 0; i < 1900; i++)
        {
            gauge.Record(i, new KeyValuePair<string, object?>("k", $"{i}{new string('x', 3000)}"));
        }

        return meter;
    }

    /// <summary>Waits until the host begins to send the answer, or has cancelled it in favour of a later one. Reads nothing.</summary>
    private static async Task AnsweredAsync(Socket scraper)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        try
        {
            await scraper.ReceiveAsync(new byte[1], SocketFlags.Peek, limit.Token);
        }
        catch (SocketException)
        {
            // The answer was cancelled.
        }
    }
}
