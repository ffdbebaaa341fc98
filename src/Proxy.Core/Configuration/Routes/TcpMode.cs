namespace Proxy.Configuration.Routes;

/// <summary>What a TCP route does with a connection.</summary>
public enum TcpMode
{
    /// <summary>It relays the bytes to and from a destination.</summary>
    Forward,

    /// <summary>It makes connections wait for a permit, so that a limited number is served at a time.</summary>
    Lock,

    /// <summary>It lets requests of many clients share upstream connections.</summary>
    Multiplex,

    /// <summary>It passes connections to the HTTP server, whose requests YARP's routes take.</summary>
    Http,
}
