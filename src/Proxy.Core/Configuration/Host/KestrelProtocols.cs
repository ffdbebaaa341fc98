using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>The versions of HTTP on an endpoint.</summary>
public enum KestrelProtocols
{
    /// <summary>HTTP/1.0 and HTTP/1.1.</summary>
    Http1,

    /// <summary>HTTP/2 only; without TLS the client has to know that.</summary>
    Http2,

    /// <summary>HTTP/1.1 and HTTP/2; without TLS only HTTP/1.1.</summary>
    Http1AndHttp2,

    /// <summary>HTTP/3 only.</summary>
    [NotAvailableYet]
    Http3,

    /// <summary>All versions.</summary>
    [NotAvailableYet]
    Http1AndHttp2AndHttp3,
}
