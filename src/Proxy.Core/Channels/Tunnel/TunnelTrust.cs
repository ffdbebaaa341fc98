namespace Proxy.Channels.Tunnel;

/// <summary>Verifies the open connections of both sides again when the authorities have changed.</summary>
internal sealed class TunnelTrust(TunnelSecurity security, TunnelServer server, TunnelConnectionFactory tunnels)
{
    private int? _version;

    /// <summary>Cuts connections that would not be trusted now, if the authorities have changed since the last call.</summary>
    public void Review()
    {
        if (security.Credentials?.Version is not { } version)
        {
            return;
        }

        if (_version is { } before && before != version)
        {
            server.Review();
            tunnels.Review();
        }

        _version = version;
    }
}
