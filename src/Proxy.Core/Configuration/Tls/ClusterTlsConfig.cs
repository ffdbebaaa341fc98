using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Tls;

/// <summary>How connections to the destinations of a cluster begin TLS; a cluster without it is connected in clear.</summary>
public sealed record ClusterTlsConfig
{
    /// <summary>The name that is asked for and that the certificate has to have; absent means the host of the destination's address.</summary>
    public string? ServerName { get; init; }

    /// <summary>The PEM file of the authorities whose certificates are valid; absent means those of the system.</summary>
    public string? CertificateAuthority { get; init; }

    /// <summary>A file with revocation lists of these authorities, PEM or DER; absent revokes none.</summary>
    public string? CertificateRevocationList { get; init; }

    /// <summary>The certificate that the proxy shows to destinations that ask for one.</summary>
    public CertificateConfig? Certificate { get; init; }

    /// <summary>The lowest version of TLS.</summary>
    public TlsVersion MinimumVersion { get; init; } = TlsVersion.Tls12;

    /// <summary>
    /// The application protocols that are offered (RFC 7301); absent offers the one that was agreed on with the client, if TLS was terminated, and an empty
    /// list offers none.
    /// </summary>
    public IReadOnlyList<string>? AlpnProtocols { get; init; }

    /// <summary>The cipher suites by their IANA names, such as TLS_AES_256_GCM_SHA384; empty means those of the platform.</summary>
    public IReadOnlyList<string> CipherSuites { get; init; } = [];

    /// <summary>Whether a destination that ends without close_notify was cut off, so that the client gets a reset instead of an end.</summary>
    public bool RequireCloseNotify { get; init; } = true;

    /// <summary>What precedes TLS on the connection.</summary>
    public TlsNegotiation Negotiation { get; init; }

    /// <summary>Whether certificates are not verified, so that anything between here and the destination may read and change all bytes.</summary>
    public bool AllowInvalid { get; init; }

    /// <summary>All settings as one text, which is equal for equal settings; secrets included.</summary>
    internal string ToText() => JsonSerializer.Serialize(this, ConfigTypes.Options);

    /// <summary>The settings of a text.</summary>
    /// <param name="text">What <see cref="ToText"/> has returned; null for no settings.</param>
    [return: NotNullIfNotNull(nameof(text))]
    internal static ClusterTlsConfig? Parse(string? text) =>
        text is null ? null : JsonSerializer.Deserialize<ClusterTlsConfig>(text, ConfigTypes.Options);
}
