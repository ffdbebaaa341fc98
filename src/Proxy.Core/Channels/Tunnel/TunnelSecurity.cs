using Microsoft.Extensions.Logging;
using Proxy.Configuration.Channels;

namespace Proxy.Channels.Tunnel;

/// <summary>How the tunnel is secured.</summary>
/// <param name="Credentials">Its certificates; null without TLS, where nothing proves a name.</param>
internal sealed record TunnelSecurity(TunnelCredentials? Credentials)
{
    /// <summary>The security that the tunnel's URL asks for.</summary>
    public static TunnelSecurity Of(TunnelConfig config, string group, ILogger<TunnelCredentials> logger) =>
        new(
            config.Url?.StartsWith(Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase) == true
                ? new TunnelCredentials(config, group, logger)
                : null
        );
}
