using Microsoft.Net.Http.Headers;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>
/// Collects metrics for scrapes, one collection at a time. Scrapes with the same headers that arrive at the same time or shortly after
/// share a collection. The exporter writes into memory, because it starts no other collection until the last answer is written, and a
/// scraper may read slowly.
/// </summary>
internal sealed class ScrapeCollector(MeterProviders providers, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan _cacheTime = TimeSpan.FromMilliseconds(300);
    private static readonly string[] _headers = [HeaderNames.Accept, HeaderNames.AcceptEncoding];

    private readonly SemaphoreSlim _collecting = new(1); // held while the provider collects or is replaced
    private readonly Lock _gate = new(); // guards _running and _last
    private readonly Dictionary<string, Task<Scrape>> _running = new(StringComparer.Ordinal);
    private (string Key, Scrape Scrape, long At)? _last;
    private int _size; // of the last body; the next has about the same size

    /// <summary>The longest time that a scrape waits for its collection, and a collection for the previous one.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Returns the answer of the exporter, from a running or recent collection if there is one.</summary>
    /// <param name="headers">The request headers. Accept and Accept-Encoding are used.</param>
    /// <param name="cancellationToken">Ends the wait but not the collection, for which other scrapes may wait.</param>
    /// <exception cref="TimeoutException">The previous collection did not end in time.</exception>
    public Task<Scrape> GetAsync(IHeaderDictionary headers, CancellationToken cancellationToken)
    {
        var key = string.Join('\n', _headers.Select(name => headers[name].ToString()));
        lock (_gate)
        {
            if (_last is { } last && last.Key == key && time.GetElapsedTime(last.At) < _cacheTime)
            {
                return Task.FromResult(last.Scrape);
            }

            if (!_running.TryGetValue(key, out var running))
            {
                var copy = new HeaderDictionary(_headers.ToDictionary(static name => name, name => headers[name]));
                _running[key] = running = Task.Run(() => RunAsync(key, copy), CancellationToken.None);
            }

            return running.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Waits until no collection runs, then replaces the meter provider.</summary>
    /// <exception cref="TimeoutException">A collection did not end in time.</exception>
    public async Task ReplaceAsync()
    {
        await EnterAsync();
        try
        {
            providers.Replace();
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
            throw new TimeoutException($"a collection of metrics has not ended within {Limit.TotalSeconds:0} s.");
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
            providers.Replace(); // now, because this collection has the last values
        }

        _size = (int)body.Length;
        return new Scrape(context.Response.StatusCode, context.Response.Headers, body.GetBuffer().AsMemory(0, _size));
    }
}
