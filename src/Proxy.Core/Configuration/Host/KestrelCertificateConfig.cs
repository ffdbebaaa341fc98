using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>A certificate of Kestrel, from files or from the system's store.</summary>
public sealed record KestrelCertificateConfig
{
    /// <summary>The file of the certificate: PEM with KeyPath, else PKCS #12.</summary>
    public string? Path { get; init; }

    /// <summary>The PEM file of its private key.</summary>
    public string? KeyPath { get; init; }

    /// <summary>The password of the file or of the key.</summary>
    [Secret]
    public string? Password { get; init; }

    /// <summary>The subject of a certificate in the system's store.</summary>
    public string? Subject { get; init; }

    /// <summary>The name of the store; absent means My.</summary>
    public string? Store { get; init; }

    /// <summary>Whose store it is; absent means CurrentUser.</summary>
    public StoreLocation? Location { get; init; }

    /// <summary>Whether a certificate of the store may be invalid, for example signed by itself.</summary>
    public bool AllowInvalid { get; init; }
}
