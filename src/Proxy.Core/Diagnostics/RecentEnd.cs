namespace Proxy.Diagnostics;

/// <summary>The end of a connection or an HTTP request that was not as it should be.</summary>
/// <param name="EndedAt">When it ended.</param>
/// <param name="Id">The id of the connection or the request, as in the access log.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Route">The route; null if none was chosen.</param>
/// <param name="Cluster">The cluster; null if none was known.</param>
/// <param name="Destination">The destination that was tried last; null if none was.</param>
/// <param name="Client">The address and port of the client.</param>
/// <param name="Duration">The time from accept, or from the headers of the request, to the end.</param>
/// <param name="BytesIn">Bytes from the client; null if they are not known.</param>
/// <param name="BytesOut">Bytes to the client; null if they are not known.</param>
public sealed record RecentEnd(
    DateTimeOffset EndedAt,
    string Id,
    ConnectionOutcome Outcome,
    string? Route,
    string? Cluster,
    string? Destination,
    string? Client,
    TimeSpan Duration,
    long? BytesIn,
    long? BytesOut
)
{
    /// <summary>Whether its client was failed, rather than refused on purpose or gone by itself.</summary>
    public bool Failed { get; init; }

    /// <summary>The endpoint that accepted the connection; null for a request.</summary>
    public string? Endpoint { get; init; }

    /// <summary>How long it waited in queues.</summary>
    public TimeSpan Queued { get; init; }

    /// <summary>How long dialing took, all attempts together.</summary>
    public TimeSpan Connecting { get; init; }

    /// <summary>The method and the path of a request, shortened to 200 characters; null for a connection.</summary>
    public string? Request { get; init; }

    /// <summary>The status with which a request was answered; null for a connection, and where nothing was sent.</summary>
    public int? Status { get; init; }

    /// <summary>Why a request or a TLS handshake failed, shortened to 200 characters; null if that is not known.</summary>
    public string? Reason { get; init; }
}
