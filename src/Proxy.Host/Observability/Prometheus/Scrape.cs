namespace Proxy.Host.Observability.Prometheus;

/// <summary>One answer of the exporter, which any number of scrapers may be sent.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Headers">The headers: format, compression, time of the collection.</param>
/// <param name="Body">The exposition.</param>
internal sealed record Scrape(int Status, IHeaderDictionary Headers, ReadOnlyMemory<byte> Body);
