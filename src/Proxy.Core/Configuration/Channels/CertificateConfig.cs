namespace Proxy.Configuration.Channels;

/// <summary>A certificate in PEM files.</summary>
public sealed record CertificateConfig
{
    /// <summary>The certificate, and the ones between it and the authority.</summary>
    public string Path { get; init; } = "";

    /// <summary>Its private key.</summary>
    public string KeyPath { get; init; } = "";
}
