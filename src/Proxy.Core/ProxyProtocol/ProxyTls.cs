namespace Proxy.ProxyProtocol;

/// <summary>What a PROXY protocol header says of the client's TLS (haproxy's proxy-protocol.txt, 2.2.5). Texts may contain any characters.</summary>
/// <param name="IsTls">Whether the client used TLS.</param>
/// <param name="HasCertificate">Whether it presented a certificate on this connection or in this session.</param>
/// <param name="IsVerified">Whether it presented one that was verified.</param>
/// <param name="Version">The version, such as TLSv1.3; null if it is not told.</param>
/// <param name="CommonName">The common name of its certificate; null if it is not told.</param>
/// <param name="Cipher">The cipher suite; null if it is not told.</param>
public sealed record ProxyTls(bool IsTls, bool HasCertificate, bool IsVerified, string? Version, string? CommonName, string? Cipher);
