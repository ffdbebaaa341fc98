namespace Proxy.Configuration.Routes;

/// <summary>The conditions for connections of a route.</summary>
public sealed record TcpRouteMatchConfig
{
    /// <summary>The ids of the TcpEndpoints.</summary>
    public IReadOnlyList<string> Endpoints { get; init; } = [];

    /// <summary>The networks that a client must come from, such as 10.0.0.0/8; empty means any.</summary>
    public IReadOnlyList<string> SourceNetworks { get; init; } = [];

    /// <summary>
    /// The names of which a TLS client has to ask for one (SNI): a name, or *.name for all names below it; empty means any. Case and a dot at the end
    /// are ignored.
    /// </summary>
    public IReadOnlyList<string> ServerNames { get; init; } = [];

    /// <summary>The application protocols of which a TLS client has to offer one (ALPN), such as h2; empty means any.</summary>
    public IReadOnlyList<string> AlpnProtocols { get; init; } = [];

    /// <summary>The protocols of which the client has to speak one, by its first bytes: Tls, Http, Ssh, Postgres, Rdp, Socks5, Mqtt; empty means any.</summary>
    public IReadOnlyList<string> Protocols { get; init; } = [];

    /// <summary>
    /// The client certificates of which the client has to show one, where Tls asks for a certificate: an alternative name (DNS name, URI, e-mail address) or
    /// CN=name, with * at the end or at the beginning for any characters; empty means any.
    /// </summary>
    public IReadOnlyList<string> ClientCertificates { get; init; } = [];
}
