namespace Proxy.Configuration.Channels;

/// <summary>A certificate in PEM files.</summary>
public sealed record CertificateConfig
{
    /// <summary>The file of the certificate, followed by the intermediate certificates.</summary>
    public string Path { get; init; } = "";

    /// <summary>The file of its private key.</summary>
    public string KeyPath { get; init; } = "";
}
