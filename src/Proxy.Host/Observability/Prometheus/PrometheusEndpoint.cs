using System.Globalization;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>
/// <c>GET /metrics</c>: sends the answer of the exporter, with a time limit and to a limited number of scrapers at a time. The exporter
/// itself would wait without limit for a scraper that does not read.
/// </summary>
internal sealed class PrometheusEndpoint(ScrapeCollector collector)
{
    private const string TimeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds";
    private const int ChunkSize = 16 * 1024; // Kestrel buffers a whole write before it waits, so a large write would use memory for each scraper
    private const int MaxSending = 64;
    private static readonly TimeSpan _sendLimit = TimeSpan.FromSeconds(10);
    private readonly SendingScrapes _sending = new(MaxSending);

    /// <summary>Answers a scrape.</summary>
    public static Task WriteAsync(HttpContext context) =>
        context.RequestServices.GetRequiredService<PrometheusEndpoint>().AnswerAsync(context);

    private async Task AnswerAsync(HttpContext context)
    {
        if (await CollectAsync(context) is not { } scrape)
        {
            context.Response.StatusCode = StatusCodes.Status408RequestTimeout;
            return;
        }

        context.Response.StatusCode = scrape.Status;
        foreach (var (name, value) in scrape.Headers)
        {
            context.Response.Headers[name] = value;
        }

        context.Response.Headers.Vary = "Accept, Accept-Encoding"; // the exporter sets only Accept-Encoding
        await SendAsync(context, scrape.Body);
    }

    private async Task<Scrape?> CollectAsync(HttpContext context)
    {
        using var late = new CancellationTokenSource(Limit(context.Request.Headers[TimeoutHeader]), TimeProvider.System);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, late.Token);
        try
        {
            return await collector.GetAsync(context.Request.Headers, limit.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or TimeoutException)
        {
            return null;
        }
    }

    private static TimeSpan Limit(string? timeout) =>
        double.TryParse(timeout, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
        && seconds > 0
        && seconds < ScrapeCollector.Limit.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : ScrapeCollector.Limit;

    private async Task SendAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentLength = body.Length;
        using var late = new CancellationTokenSource(_sendLimit, TimeProvider.System);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, late.Token);
        var sending = _sending.Add(deadline);
        try
        {
            for (var sent = 0; sent < body.Length; sent += ChunkSize)
            {
                await context.Response.BodyWriter.WriteAsync(body.Slice(sent, Math.Min(ChunkSize, body.Length - sent)), deadline.Token);
            }
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
        finally
        {
            _sending.Remove(sending);
        }
    }
}
