using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>Kestrel's HTTP endpoints and their limits, with Kestrel's own keys.</summary>
public sealed record KestrelConfig
{
    /// <summary>The HTTP endpoints by name.</summary>
    public IReadOnlyDictionary<string, KestrelEndpointConfig> Endpoints
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<KestrelEndpointConfig>();

    /// <summary>What holds for endpoints that do not say it themselves.</summary>
    public KestrelDefaultsConfig? EndpointDefaults { get; init; }

    /// <summary>Certificates by name; <c>Default</c> is that of https:// endpoints which name none.</summary>
    public IReadOnlyDictionary<string, KestrelCertificateConfig> Certificates
    {
        get;
        init => field = ById.Copy(value);
    } = ById.Empty<KestrelCertificateConfig>();

    /// <summary>Limits of requests and connections on all HTTP endpoints, the admin address included.</summary>
    public KestrelLimitsConfig Limits { get; init; } = new();
}
