namespace Proxy.Configuration.Locking;

/// <summary>The state of a port to wait for.</summary>
public enum PortState
{
    /// <summary>It accepts connections.</summary>
    Open,

    /// <summary>It refuses connections.</summary>
    Closed,
}
