using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Tls;

/// <summary>How a route terminates TLS; a route without it passes bytes through untouched.</summary>
public sealed record RouteTlsConfig
{
    /// <summary>One certificate or a list, of which the name that the client asks for chooses: exactly, then by the longest wildcard, then the first.</summary>
    [OneOrList]
    public required IReadOnlyList<CertificateConfig> Certificate { get; init; }

    /// <summary>The lowest version of TLS.</summary>
    public TlsVersion MinimumVersion { get; init; } = TlsVersion.Tls12;

    /// <summary>The application protocols that are agreed on, in the order of preference (RFC 7301), such as h2; empty agrees on none.</summary>
    public IReadOnlyList<string> AlpnProtocols { get; init; } = [];

    /// <summary>The cipher suites by their IANA names, such as TLS_AES_256_GCM_SHA384; empty means those of the platform.</summary>
    public IReadOnlyList<string> CipherSuites { get; init; } = [];

    /// <summary>Whether a client that ends without close_notify was cut off, so that the destination gets a reset instead of an end.</summary>
    public bool RequireCloseNotify { get; init; } = true;

    /// <summary>Whether clients are asked for a certificate.</summary>
    public ClientCertificateMode ClientCertificates { get; init; }

    /// <summary>The PEM file of the authorities whose client certificates are valid. Required unless ClientCertificates is None.</summary>
    public string? ClientCertificateAuthority { get; init; }

    /// <summary>A file with revocation lists of these authorities, PEM or DER; absent revokes none.</summary>
    public string? ClientCertificateRevocationList { get; init; }

    /// <summary>The total time for the handshake.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
