namespace Proxy.Configuration.Tls;

/// <summary>Which names a <see cref="CertificatePattern"/> stands for.</summary>
internal enum CertificatePatternForm
{
    /// <summary>The one that it gives.</summary>
    Exact,

    /// <summary>All that begin with what it gives.</summary>
    Beginning,

    /// <summary>All that end with what it gives.</summary>
    End,
}
