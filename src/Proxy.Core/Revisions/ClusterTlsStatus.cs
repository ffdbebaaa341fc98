namespace Proxy.Revisions;

/// <summary>How connections to the destinations of a cluster begin TLS.</summary>
/// <param name="AllowInvalid">Whether the certificates of destinations are not verified.</param>
public sealed record ClusterTlsStatus(bool AllowInvalid)
{
    /// <summary>The name that certificates have to have; null means the host of each destination's address.</summary>
    public string? ServerName { get; init; }

    /// <summary>The file of the authorities whose certificates are valid; null means those of the system.</summary>
    public string? CertificateAuthority { get; init; }

    /// <summary>The file of their revocation lists; null without one.</summary>
    public string? CertificateRevocationList { get; init; }

    /// <summary>The certificate that is shown to destinations which ask for one; null for none.</summary>
    public CertificateStatus? Certificate { get; init; }

    /// <summary>Why the newest content of the authorities' or lists' file is not used; null if it is.</summary>
    public string? Problem { get; init; }
}
