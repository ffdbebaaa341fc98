using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Tls;

/// <summary>A certificate with its private key, from files that are read again when they change.</summary>
public sealed record CertificateConfig
{
    /// <summary>The file of the certificate: PEM, with the certificates between it and its authority behind it, or PKCS #12.</summary>
    public required string Path { get; init; }

    /// <summary>The PEM file of the private key; absent if it is in the file of the certificate.</summary>
    public string? KeyPath { get; init; }

    /// <summary>The password of the key or of the PKCS #12 file.</summary>
    [Secret]
    public string? Password { get; init; }
}
