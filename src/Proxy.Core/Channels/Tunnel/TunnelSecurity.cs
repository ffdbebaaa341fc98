using Microsoft.Extensions.Logging;
using Proxy.Configuration.Channels;

namespace Proxy.Channels.Tunnel;

/// <summary>How the tunnel's connections are secured.</summary>
/// <param name="Credentials">The certificates; null without TLS, where nothing proves an identity.</param>
internal sealed record TunnelSecurity(TunnelCredentials? Credentials)
{
    /// <summary>The security that the scheme of the tunnel's URL demands.</summary>
    public static TunnelSecurity Of(TunnelConfig config, string group, ILogger<TunnelCredentials> logger) =>
        new(
            config.Url?.StartsWith(Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase) == true
                ? new TunnelCredentials(config, group, logger)
                : null
        );
}
