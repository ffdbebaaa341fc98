using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Tls;

namespace Proxy.Tls.Certificates;

/// <summary>A certificate of the configuration. What it is at a moment changes with its files; reading it never reads a file.</summary>
internal sealed class ServedCertificate(CertificateConfig config, LoadedCertificate loaded)
{
    private volatile LoadedCertificate _loaded = loaded;

    /// <summary>Where it comes from.</summary>
    public CertificateConfig Config { get; } = config;

    /// <summary>What TLS presents, with the certificates between it and its authority.</summary>
    public SslStreamCertificateContext Context => _loaded.Context;

    /// <summary>The certificate itself, with its key.</summary>
    public X509Certificate2 Leaf => _loaded.Leaf;

    /// <summary>The DNS names that it is for, in lower case.</summary>
    public IReadOnlyList<string> Names => _loaded.Names.All;

    /// <summary>The present reading.</summary>
    public LoadedCertificate Loaded
    {
        get => _loaded;
        set => _loaded = value;
    }

    /// <summary>Whether it is for a name, exactly or by a wildcard.</summary>
    public bool Covers(string serverName) => _loaded.Names.Cover(serverName);
}
