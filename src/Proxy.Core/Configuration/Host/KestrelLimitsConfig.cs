using System.ComponentModel.DataAnnotations;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>Limits of requests and connections, with Kestrel's names and defaults. "None" is stored as -1.</summary>
[NotAvailableYet("Http3")]
public sealed record KestrelLimitsConfig
{
    internal const string Most = "9007199254740991"; // 2^53 - 1: larger numbers are not exact in many JSON readers

    /// <summary>The bytes of an answer that are buffered before writing waits; "None" for no limit, 0 to buffer nothing.</summary>
    [AllowNone, Range(typeof(long), "0", Most)]
    public long MaxResponseBufferSize { get; init; } = 64 * 1024;

    /// <summary>The bytes of a connection that are buffered before they are read; "None" for no limit.</summary>
    [AllowNone, Range(typeof(long), "1", Most)]
    public long MaxRequestBufferSize { get; init; } = 1024 * 1024;

    /// <summary>The longest request line in bytes.</summary>
    [Range(1, int.MaxValue)]
    public int MaxRequestLineSize { get; init; } = 8 * 1024;

    /// <summary>The bytes of all headers of a request.</summary>
    [Range(1, int.MaxValue)]
    public int MaxRequestHeadersTotalSize { get; init; } = 32 * 1024;

    /// <summary>The number of headers of a request.</summary>
    [Range(1, int.MaxValue)]
    public int MaxRequestHeaderCount { get; init; } = 100;

    /// <summary>The bytes of the body of a request; a larger one is answered with 413. "None" for no limit. A route may have its own.</summary>
    [AllowNone, Range(typeof(long), "0", Most)]
    public long MaxRequestBodySize { get; init; } = 30_000_000;

    /// <summary>How long a connection without a request stays open.</summary>
    [AllowNone]
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(130);

    /// <summary>The time for all headers of a request.</summary>
    [AllowNone]
    public TimeSpan RequestHeadersTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The number of connections of each endpoint at the same time, upgraded ones and those to the admin address excepted; more are closed. Absent, it is
    /// what the limit of descriptors allows; "None" for no limit.
    /// </summary>
    [AllowNone, Range(typeof(long), "1", Most)]
    public long? MaxConcurrentConnections { get; init; }

    /// <summary>The number of upgraded connections, such as WebSockets, at the same time.</summary>
    [AllowNone, Range(typeof(long), "0", Most)]
    public long? MaxConcurrentUpgradedConnections { get; init; }

    /// <summary>How slowly the body of a request may arrive.</summary>
    public KestrelDataRateConfig MinRequestBodyDataRate { get; init; } = new();

    /// <summary>How slowly a client may take an answer.</summary>
    public KestrelDataRateConfig MinResponseDataRate { get; init; } = new();

    /// <summary>Limits of HTTP/2.</summary>
    public KestrelHttp2LimitsConfig Http2 { get; init; } = new();
}
