namespace Proxy.Peeking.Hello;

/// <summary>How much of a ClientHello is known.</summary>
internal enum ClientHelloStatus
{
    /// <summary>More bytes are needed.</summary>
    MoreBytes,

    /// <summary>The bytes do not begin as a ClientHello does.</summary>
    NotTls,

    /// <summary>They begin as a ClientHello does, and violate the protocol after that.</summary>
    Malformed,

    /// <summary>The ClientHello is complete.</summary>
    Complete,
}
