namespace Proxy.Configuration.Endpoints;

/// <summary>Whether clients of an endpoint begin with a PROXY protocol header.</summary>
public enum ProxyProtocolAccept
{
    /// <summary>No header is read.</summary>
    Off,

    /// <summary>They may, if they come from a trusted network.</summary>
    Optional,

    /// <summary>They have to, and have to come from a trusted network.</summary>
    Required,
}
