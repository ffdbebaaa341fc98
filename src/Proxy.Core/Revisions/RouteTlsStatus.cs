using Proxy.Configuration.Tls;

namespace Proxy.Revisions;

/// <summary>How a route terminates TLS.</summary>
/// <param name="Certificates">Its certificates, in the order of the configuration; the first is for clients whose name none of them covers.</param>
/// <param name="ClientCertificates">Whether clients are asked for a certificate.</param>
public sealed record RouteTlsStatus(IReadOnlyList<CertificateStatus> Certificates, ClientCertificateMode ClientCertificates)
{
    /// <summary>The lowest version of TLS.</summary>
    public TlsVersion MinimumVersion { get; init; }

    /// <summary>The application protocols that are agreed on, in the order of preference; empty if none are.</summary>
    public IReadOnlyList<string> AlpnProtocols { get; init; } = [];

    /// <summary>The file of the authorities whose client certificates are valid; null if clients are not asked for one.</summary>
    public string? ClientCertificateAuthority { get; init; }

    /// <summary>The file of their revocation lists; null without one.</summary>
    public string? ClientCertificateRevocationList { get; init; }

    /// <summary>Why the newest content of these two files is not used; null if it is.</summary>
    public string? Problem { get; init; }
}
