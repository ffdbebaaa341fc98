using System.Net.Security;

namespace Proxy.Channels.Tunnel;

/// <summary>
/// Verifies the open connections of both sides again when the authorities have changed, and lets go of unused ones when this instance's certificate has.
/// </summary>
internal sealed class TunnelTrust(TunnelSecurity security, TunnelServer server, TunnelConnectionFactory tunnels)
{
    private int? _version;
    private SslStreamCertificateContext? _certificate;

    /// <summary>Cuts connections that would not be trusted now, if the authorities have changed since the last call.</summary>
    public void Review()
    {
        if (security.Credentials?.Version is not { } version)
        {
            return;
        }

        var certificate = security.Credentials.Certificate;
        if (_certificate is { } earlier && earlier != certificate)
        {
            tunnels.Renew();
        }

        _certificate = certificate;
        if (_version is { } before && before != version)
        {
            server.Review();
            tunnels.Review();
        }

        _version = version;
    }
}
