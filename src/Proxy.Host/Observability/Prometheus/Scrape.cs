namespace Proxy.Host.Observability.Prometheus;

/// <summary>An answer of the exporter. It may be sent to several scrapers.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Headers">The headers: format, compression, time of the collection.</param>
/// <param name="Body">The metrics in the format of the headers.</param>
internal sealed record Scrape(int Status, IHeaderDictionary Headers, ReadOnlyMemory<byte> Body);
