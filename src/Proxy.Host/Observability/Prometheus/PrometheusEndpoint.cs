using System.Globalization;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>
/// <c>GET /metrics</c>: negotiates a format, has it collected, and sends it. A collection that fails is 500 and one that takes longer than the
/// scraper waits is 408: an empty 200 would say that there is nothing.
/// </summary>
internal sealed partial class PrometheusEndpoint(ScrapeCollector collector, PrometheusOptions options, ILogger<PrometheusEndpoint> logger)
{
    private const string TimeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds";
    private const int Piece = 16 * 1024; // Kestrel copies a whole write before it waits, so large ones would be kept once per scraper
    private readonly SendingScrapes _sending = new(options.MaxSending);

    /// <summary>Answers a scrape.</summary>
    public static Task WriteAsync(HttpContext context) =>
        context.RequestServices.GetRequiredService<PrometheusEndpoint>().AnswerAsync(context);

    private async Task AnswerAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        var format = AcceptHeader.Negotiate(headers.Accept);
        context.Response.Headers.Vary = "Accept, Accept-Encoding";
        if (await CollectAsync(context, format) is not { } exposition)
        {
            return;
        }

        try
        {
            context.Response.ContentType = format.ContentType;
            await SendAsync(context, exposition.Body(Compresses(context)));
        }
        finally
        {
            exposition.Release();
        }
    }

    private static bool Compresses(HttpContext context)
    {
        var gzip = AcceptHeader.AllowsGzip(context.Request.Headers.AcceptEncoding);
        if (gzip)
        {
            context.Response.Headers.ContentEncoding = "gzip";
        }

        return gzip;
    }

    private async Task<Exposition?> CollectAsync(HttpContext context, ExpositionFormat format)
    {
        using var late = new CancellationTokenSource(Timeout(context.Request.Headers[TimeoutHeader]), TimeProvider.System);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, late.Token);
        try
        {
            return await collector.GetAsync(format.IsOpenMetrics, limit.Token);
        }
        catch (OperationCanceledException)
        {
            context.Response.StatusCode = StatusCodes.Status408RequestTimeout;
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception);
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }

        return null;
    }

    private TimeSpan Timeout(string? asked) =>
        double.TryParse(asked, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
        && seconds > 0
        && seconds < options.CollectTimeout.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : options.CollectTimeout;

    private async Task SendAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentLength = body.Length;
        using var late = new CancellationTokenSource(options.SendTimeout, TimeProvider.System);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, late.Token);
        var sending = _sending.Add(deadline);
        try
        {
            for (var sent = 0; sent < body.Length; sent += Piece)
            {
                await context.Response.BodyWriter.WriteAsync(body.Slice(sent, Math.Min(Piece, body.Length - sent)), deadline.Token);
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

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A scrape of /metrics failed.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
