using System.Diagnostics.CodeAnalysis;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>The admin endpoint.</summary>
public sealed record AdminConfig
{
    /// <summary>
    /// The address on which it listens, such as http://127.0.0.1:9099. For https:// it uses the certificate of
    /// Kestrel:Certificates:Default.
    /// </summary>
    [SuppressMessage("Design", "CA1056", Justification = "As the user wrote it; * is no host of a URI.")]
    public string Url { get; init; } = "http://127.0.0.1:9099";

    /// <summary>
    /// The bearer token that requests must have; this or ClientCertificateAuthority is required unless the address is loopback.
    /// </summary>
    [Secret]
    public string? Token { get; init; }

    /// <summary>Whether the API may make changes, such as closing a connection or pausing a lock.</summary>
    public bool AllowChanges { get; init; }

    /// <summary>
    /// A PEM file of the authorities whose client certificates are trusted, for https://. If there is a token, both are required.
    /// </summary>
    public string? ClientCertificateAuthority { get; init; }
}
