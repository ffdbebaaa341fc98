using System.Net;

namespace Proxy.Diagnostics;

/// <summary>The record of one HTTP request that has ended. What is not known is null.</summary>
public sealed record RequestRecord
{
    /// <summary>The id: that of its connection and its number there.</summary>
    public required string Id { get; init; }

    /// <summary>The address at which its connection was accepted.</summary>
    public EndPoint? Local { get; init; }

    /// <summary>The id of the route; null if no route took it.</summary>
    public string? RouteId { get; init; }

    /// <summary>The id of the route's cluster.</summary>
    public string? ClusterId { get; init; }

    /// <summary>The id of the destination it was sent to.</summary>
    public string? DestinationId { get; init; }

    /// <summary>The address of the client.</summary>
    public EndPoint? Client { get; init; }

    /// <summary>The method.</summary>
    public required string Method { get; init; }

    /// <summary>The path, without the query, which may contain secrets.</summary>
    public required string Path { get; init; }

    /// <summary>The status of the response; null if none was sent.</summary>
    public int? Status { get; init; }

    /// <summary>How it ended; an answer of the destination is <see cref="ConnectionOutcome.Completed"/>, whatever its status.</summary>
    public required ConnectionOutcome Outcome { get; init; }

    /// <summary>YARP's word for why it failed; null if it did not.</summary>
    public string? Error { get; init; }

    /// <summary>Why it failed, as a sentence; null if it did not, or that is not known.</summary>
    public string? Reason { get; init; }

    /// <summary>The configured address of the destination.</summary>
    public string? DestinationAddress { get; init; }

    /// <summary>Whether the headers of a response of the destination were received.</summary>
    public bool IsAnswered { get; init; }

    /// <summary>Bytes of bodies that were received from the client and sent on.</summary>
    public long? BytesIn { get; init; }

    /// <summary>Bytes of bodies that were received from the destination and sent to the client.</summary>
    public long? BytesOut { get; init; }

    /// <summary>The time from its headers to the end of the response.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Whether its client was failed: by an outcome that is a fault, or by a status from 500 on, whoever answered it.</summary>
    internal bool HasFailed => Outcome.IsFault() || IsServerError;

    /// <summary>Whether it was answered with a status from 500 on.</summary>
    internal bool IsServerError => Status >= 500;

    /// <summary>Whether it is written to the access log.</summary>
    public bool AccessLog { get; init; } = true;
}
