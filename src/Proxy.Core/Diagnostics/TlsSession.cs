namespace Proxy.Diagnostics;

/// <summary>What a TLS handshake with a client or a destination has agreed on. Texts of certificates may contain any characters.</summary>
/// <param name="Version">The version: <c>1.2</c> or <c>1.3</c>.</param>
/// <param name="CipherSuite">The cipher suite by its IANA name, such as <c>TLS_AES_256_GCM_SHA384</c>; null if the platform does not tell.</param>
/// <param name="IsResumed">Whether an earlier session was resumed; null if that is not known.</param>
/// <param name="ServerName">The name of the server that was asked for; null without one.</param>
/// <param name="ApplicationProtocol">The application protocol (RFC 7301), one character for each byte; null if none was agreed on.</param>
/// <param name="PeerSubject">The subject of the client's certificate, which was verified; null without a certificate, and of destinations.</param>
/// <param name="PeerNames">
/// The names in that certificate: DNS names, URIs, e-mail addresses, and <c>CN=</c> with the common name. Names with characters that are not printable ASCII
/// are left out.
/// </param>
public sealed record TlsSession(
    string Version,
    string? CipherSuite,
    bool? IsResumed,
    string? ServerName,
    string? ApplicationProtocol,
    string? PeerSubject,
    IReadOnlyList<string> PeerNames
)
{
    /// <summary>The common name of the client's certificate; null without exactly one.</summary>
    public string? PeerCommonName { get; init; }
}
