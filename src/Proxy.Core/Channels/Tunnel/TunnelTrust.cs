namespace Proxy.Channels.Tunnel;

/// <summary>Judges open connections again, of both sides, when the authorities have changed.</summary>
internal sealed class TunnelTrust(TunnelSecurity security, TunnelServer server, TunnelConnectionFactory tunnels)
{
    private int? _version;

    /// <summary>Cuts what would not be trusted now, if the authorities are others than at the last call.</summary>
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
