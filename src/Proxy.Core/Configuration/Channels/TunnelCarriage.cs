namespace Proxy.Configuration.Channels;

/// <summary>What carries tunnels to other instances.</summary>
public enum TunnelCarriage
{
    /// <summary>A stream of a shared HTTP/2 connection. The port takes nothing else.</summary>
    Http2,

    /// <summary>
    /// A connection of its own if one to the instance is ready, and else a stream of the shared HTTP/2 connection. Connections are made ready, some at a time,
    /// once there have been tunnels to the instance.
    /// </summary>
    Auto,

    /// <summary>A connection of its own, which is opened if none is ready. A stream of the shared HTTP/2 connection if the instance takes no others.</summary>
    Connection,
}
