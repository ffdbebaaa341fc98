namespace Proxy.ProxyProtocol;

/// <summary>How much of a header is there.</summary>
internal enum ProxyHeaderStatus
{
    /// <summary>More bytes are needed.</summary>
    MoreBytes,

    /// <summary>The bytes do not begin as a header does.</summary>
    None,

    /// <summary>They begin as a header does, and violate the specification after that.</summary>
    Invalid,

    /// <summary>The header is complete.</summary>
    Complete,
}
