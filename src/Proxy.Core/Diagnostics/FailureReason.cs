namespace Proxy.Diagnostics;

/// <summary>How a destination failed: the closed set of the label <c>proxy.reason</c>.</summary>
public enum FailureReason
{
    /// <summary>It refused a connection.</summary>
    Refused,

    /// <summary>It did not answer a dial in time.</summary>
    TimedOut,

    /// <summary>No path leads to its host or network.</summary>
    Unreachable,

    /// <summary>Its name could not be resolved.</summary>
    NotResolved,

    /// <summary>A dial failed in another way.</summary>
    NotConnected,

    /// <summary>It reset a connection that was established.</summary>
    Reset,

    /// <summary>It did not answer a request in time.</summary>
    NoAnswer,

    /// <summary>It violated its protocol.</summary>
    ProtocolError,

    /// <summary>It answered an HTTP request with a status from 500 on.</summary>
    ServerError,

    /// <summary>It did not do its part of a TLS handshake.</summary>
    TlsHandshake,

    /// <summary>Its certificate is not valid.</summary>
    InvalidCertificate,
}
