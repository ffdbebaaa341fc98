namespace Proxy.Configuration.Locking;

/// <summary>What a port is waited for to be.</summary>
public enum PortState
{
    /// <summary>It accepts connections.</summary>
    Open,

    /// <summary>It refuses connections.</summary>
    Closed,
}
