namespace Proxy.Configuration.Tls;

/// <summary>The kind of a name in a certificate.</summary>
internal enum CertificateNameKind
{
    /// <summary>An alternative name that is a DNS name; in lower case.</summary>
    Dns,

    /// <summary>An alternative name that is a URI.</summary>
    Uri,

    /// <summary>An alternative name that is an e-mail address.</summary>
    Email,

    /// <summary>The common name of the subject.</summary>
    CommonName,
}

/// <summary>A name in a certificate, of printable ASCII.</summary>
/// <param name="Kind">Its kind. Names of different kinds are never equal: an authority may check them differently.</param>
/// <param name="Text">The name.</param>
internal readonly record struct CertificateName(CertificateNameKind Kind, string Text)
{
    /// <inheritdoc />
    public override string ToString() => Kind == CertificateNameKind.CommonName ? $"{CertificatePattern.CommonName}{Text}" : Text;
}
