namespace Proxy.Configuration.Tls;

/// <summary>Whether clients are asked for a certificate.</summary>
public enum ClientCertificateMode
{
    /// <summary>They are not asked.</summary>
    None,

    /// <summary>They are asked and may have none; one that is not valid ends the handshake.</summary>
    Allow,

    /// <summary>They need a valid one.</summary>
    Required,
}
