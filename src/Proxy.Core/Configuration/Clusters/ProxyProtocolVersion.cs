namespace Proxy.Configuration.Clusters;

/// <summary>The PROXY protocol header that destinations are sent.</summary>
public enum ProxyProtocolVersion
{
    /// <summary>None.</summary>
    None,

    /// <summary>Version 1, a line of text.</summary>
    V1,

    /// <summary>Version 2, binary, with the server name that the client asked for and the id of its connection.</summary>
    V2,
}
