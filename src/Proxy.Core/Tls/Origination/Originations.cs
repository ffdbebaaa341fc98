using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Tls;
using Proxy.Tls.Certificates;

namespace Proxy.Tls.Origination;

/// <summary>What begins TLS with destinations, by the settings of their clusters. It lives as long as these, so each revision has its own.</summary>
internal sealed class Originations(CertificateStore certificates, TlsMetrics metrics, TimeProvider time, ILogger<TlsOrigination> logger)
{
    private readonly ConditionalWeakTable<ClusterTlsConfig, TlsOrigination> _all = [];

    /// <summary>What begins TLS with these settings; files are read at the first call.</summary>
    /// <exception cref="OriginationException">A file cannot be used; the exception names the key.</exception>
    public TlsOrigination Of(ClusterTlsConfig config) =>
        _all.TryGetValue(config, out var origination) ? origination : _all.GetValue(config, Create);

    private TlsOrigination Create(ClusterTlsConfig config)
    {
        var certificate = config.Certificate is { } own ? Read(nameof(config.Certificate), () => certificates.Certificate(own)) : null;
        return new(config, config.AllowInvalid ? null : Trust(config), certificate, metrics, time, logger);
    }

    private TrustBundle Trust(ClusterTlsConfig config)
    {
        var revoked = config.CertificateRevocationList;
        if (config.CertificateAuthority is not { } authority)
        {
            return Read(nameof(config.CertificateRevocationList), () => certificates.SystemTrust(revoked));
        }

        if (revoked is null)
        {
            return Read(nameof(config.CertificateAuthority), () => certificates.Trust(authority, null));
        }

        Read(nameof(config.CertificateAuthority), () => certificates.Trust(authority, null)); // so that an error names the right key
        return Read(nameof(config.CertificateRevocationList), () => certificates.Trust(authority, revoked));
    }

    private static T Read<T>(string key, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CertificateException exception)
        {
            throw new OriginationException(key, exception);
        }
    }
}
