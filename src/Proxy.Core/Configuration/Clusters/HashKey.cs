namespace Proxy.Configuration.Clusters;

/// <summary>What the policy ConsistentHash chooses by.</summary>
public enum HashKey
{
    /// <summary>The address of the client.</summary>
    SourceIp,

    /// <summary>The name of the server that the client asks for by TLS; the address of the client where no name is known.</summary>
    ServerName,
}
