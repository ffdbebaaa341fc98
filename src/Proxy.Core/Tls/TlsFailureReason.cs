namespace Proxy.Tls;

/// <summary>Why a TLS handshake has failed: one closed set for metrics and log lines.</summary>
internal enum TlsFailureReason
{
    /// <summary>It was not over in time.</summary>
    TimedOut,

    /// <summary>It was not begun in time, since too many others were under way.</summary>
    NoPlace,

    /// <summary>The peer does not speak TLS.</summary>
    NotTls,

    /// <summary>The peer violates TLS, or what it sent was changed on the way.</summary>
    Malformed,

    /// <summary>Both sides have no version in common.</summary>
    NoCommonVersion,

    /// <summary>Both sides have no cipher suite, group or kind of signature in common.</summary>
    NoCommonCipher,

    /// <summary>Both sides name application protocols, and have none in common.</summary>
    NoCommonProtocol,

    /// <summary>The peer showed no certificate, and needs one.</summary>
    NoCertificate,

    /// <summary>The certificate of the peer is not valid here.</summary>
    CertificateRefused,

    /// <summary>The peer ended the handshake with an alert.</summary>
    RefusedByPeer,

    /// <summary>The peer ended the connection in an orderly way.</summary>
    Closed,

    /// <summary>The peer reset the connection.</summary>
    Reset,

    /// <summary>Another failure, which the log tells.</summary>
    Other,
}
