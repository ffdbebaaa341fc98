namespace Proxy.Configuration.Host;

/// <summary>What holds for the clients of an HTTP endpoint that ask for one server name.</summary>
public record KestrelNameConfig : KestrelDefaultsConfig
{
    /// <summary>The certificate; absent means that of the endpoint, or else <c>Certificates:Default</c>.</summary>
    public KestrelCertificateConfig? Certificate { get; init; }
}
