using System.Security.Authentication;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Proxy.Configuration.Host;

/// <summary>What holds for HTTP endpoints that do not say it themselves.</summary>
public record KestrelDefaultsConfig
{
    /// <summary>The versions of HTTP; absent means Http1AndHttp2.</summary>
    public KestrelProtocols? Protocols { get; init; }

    /// <summary>The versions of TLS; absent means those that the system allows.</summary>
    public SslProtocols? SslProtocols { get; init; }

    /// <summary>Whether clients present a certificate; absent means NoCertificate.</summary>
    public ClientCertificateMode? ClientCertificateMode { get; init; }
}
