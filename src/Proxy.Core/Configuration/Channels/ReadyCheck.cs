namespace Proxy.Configuration.Channels;

/// <summary>How it is decided that a legacy server is ready.</summary>
public enum ReadyCheck
{
    /// <summary>It is ready while its port accepts connections.</summary>
    Tcp,

    /// <summary>It is always ready.</summary>
    None,

    /// <summary>
    /// The connections that are made for tunnels decide: it is ready until three in a row have failed, and again after a pause. For servers
    /// that allow one connection, or log each.
    /// </summary>
    OnDial,
}
