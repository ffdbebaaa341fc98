namespace Proxy.Tls.Certificates;

/// <summary>What a peer uses its certificate for.</summary>
internal enum CertificateUse
{
    /// <summary>It was connected to.</summary>
    Server,

    /// <summary>It has connected.</summary>
    Client,
}
