using Microsoft.Net.Http.Headers;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>
/// Collects for scrapes, one collection at a time: scrapers that ask for the same at the same time, or shortly after, share one. The exporter writes
/// into memory and not to the scraper, because it begins no other collection until all scrapers have read the last one.
/// </summary>
internal sealed class ScrapeCollector(MeterProviders providers, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan _cacheTime = TimeSpan.FromMilliseconds(300);
    private static readonly string[] _asked = [HeaderNames.Accept, HeaderNames.AcceptEncoding];

    private readonly SemaphoreSlim _collecting = new(1); // whoever has it may use the provider
    private readonly Lock _gate = new(); // guards all below
    private readonly Dictionary<string, Task<Scrape>> _running = new(StringComparer.Ordinal);
    private (string Key, Scrape Scrape, long At)? _last;
    private int _size; // of the last body, and so about that of the next

    /// <summary>How long a collection may take, and how long one may wait for another.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(10);

    /// <summary>The exporter's answer.</summary>
    /// <param name="headers">The scraper's headers, of which the format and the compression are looked at.</param>
    /// <param name="cancellationToken">Ends the wait, not the collection, which others may wait for.</param>
    /// <exception cref="TimeoutException">Another collection takes too long.</exception>
    public Task<Scrape> GetAsync(IHeaderDictionary headers, CancellationToken cancellationToken)
    {
        var key = string.Join('\n', _asked.Select(name => headers[name].ToString()));
        lock (_gate)
        {
            if (_last is { } last && last.Key == key && time.GetElapsedTime(last.At) < _cacheTime)
            {
                return Task.FromResult(last.Scrape);
            }

            if (!_running.TryGetValue(key, out var running))
            {
                var copy = new HeaderDictionary(_asked.ToDictionary(static name => name, name => headers[name]));
                _running[key] = running = Task.Run(() => RunAsync(key, copy), CancellationToken.None);
            }

            return running.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Replaces the meter provider when no collection runs.</summary>
    /// <exception cref="TimeoutException">A collection takes too long.</exception>
    public async Task RenewAsync()
    {
        await EnterAsync();
        try
        {
            providers.Renew();
        }
        finally
        {
            _collecting.Release();
        }
    }

    public void Dispose() => _collecting.Dispose();

    private async Task EnterAsync()
    {
        if (!await _collecting.WaitAsync(Limit))
        {
            throw new TimeoutException("A collection of metrics takes too long.");
        }
    }

    private async Task<Scrape> RunAsync(string key, HeaderDictionary headers)
    {
        Scrape? scrape = null;
        try
        {
            await EnterAsync();
            try
            {
                return scrape = await CollectAsync(headers);
            }
            finally
            {
                _collecting.Release();
            }
        }
        finally
        {
            lock (_gate)
            {
                _running.Remove(key);
                _last = scrape is { Status: StatusCodes.Status200OK } ? (key, scrape, time.GetTimestamp()) : null;
            }
        }
    }

    private async Task<Scrape> CollectAsync(HeaderDictionary headers)
    {
        using var body = new MemoryStream(_size);
        var context = new DefaultHttpContext();
        foreach (var (name, value) in headers)
        {
            context.Request.Headers[name] = value;
        }

        context.Response.Body = body;
        await providers.ScrapeAsync(context);
        await context.Response.CompleteAsync();
        if (providers.Plan.IsDue)
        {
            providers.Renew(); // the last values have just been taken
        }

        _size = (int)body.Length;
        return new Scrape(context.Response.StatusCode, context.Response.Headers, body.GetBuffer().AsMemory(0, _size));
    }
}
