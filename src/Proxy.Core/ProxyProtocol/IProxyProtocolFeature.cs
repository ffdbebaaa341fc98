using System.Net;

namespace Proxy.ProxyProtocol;

/// <summary>
/// What the PROXY protocol header at the beginning of a connection said, a feature of connections that had one from a trusted network. Texts come from the
/// load balancer, and may contain what its client sent: they have to be made printable where they are shown.
/// </summary>
public interface IProxyProtocolFeature
{
    /// <summary>The version, 1 or 2.</summary>
    int Version { get; }

    /// <summary>Whether the load balancer connected for itself, such as for a health check, so that the addresses are those of the connection.</summary>
    bool IsLocal { get; }

    /// <summary>The address of the load balancer.</summary>
    EndPoint? Peer { get; }

    /// <summary>The address of the client; null if it is not told.</summary>
    IPEndPoint? Source { get; }

    /// <summary>The address that the client connected to; null if it is not told.</summary>
    IPEndPoint? Destination { get; }

    /// <summary>The name of the server that the client asked for; null if it is not told or is no UTF-8.</summary>
    string? Authority { get; }

    /// <summary>The application protocol, one character for each byte; null if it is not told.</summary>
    string? Alpn { get; }

    /// <summary>The load balancer's id of the connection, at most 128 bytes; empty if it is not told.</summary>
    ReadOnlyMemory<byte> UniqueId { get; }

    /// <summary>What is said of the client's TLS; null if nothing.</summary>
    ProxyTls? Tls { get; }

    /// <summary>The id of the VPC endpoint, of load balancers of AWS; null if it is not told.</summary>
    string? AwsVpcEndpointId { get; }

    /// <summary>The id of the private endpoint, of load balancers of Azure; null if it is not told.</summary>
    uint? AzureLinkId { get; }

    /// <summary>All values, in order, those above included.</summary>
    IReadOnlyList<ProxyTlv> Tlvs { get; }
}
