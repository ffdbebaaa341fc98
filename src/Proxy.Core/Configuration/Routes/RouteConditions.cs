using System.Net;
using Proxy.Configuration.Tls;

namespace Proxy.Configuration.Routes;

/// <summary>Which clients a route takes. An empty list means any.</summary>
internal sealed record RouteConditions
{
    /// <summary>The conditions of a route without Match.</summary>
    public static RouteConditions None { get; } = new();

    /// <summary>The networks that the client comes from.</summary>
    public IReadOnlyList<IPNetwork> SourceNetworks { get; init; } = [];

    /// <summary>The names of the server that the client asks for.</summary>
    public IReadOnlyList<NamePattern> ServerNames { get; init; } = [];

    /// <summary>The application protocols of which the client offers at least one.</summary>
    public IReadOnlyList<string> AlpnProtocols { get; init; } = [];

    /// <summary>The protocols of which the client speaks one, by its first bytes.</summary>
    public IReadOnlyList<string> Protocols { get; init; } = [];

    /// <summary>The names of which the client's certificate has one.</summary>
    public IReadOnlyList<CertificatePattern> ClientCertificates { get; init; } = [];

    /// <summary>Whether the client's first bytes have to be examined.</summary>
    public bool NeedsBytes => NeedsHello || Protocols.Count > 0;

    /// <summary>Whether its ClientHello has to be.</summary>
    public bool NeedsHello => ServerNames.Count + AlpnProtocols.Count + ClientCertificates.Count > 0;

    /// <summary>Whether one of the protocols is the named one.</summary>
    public bool HasProtocol(string name) => Protocols.Contains(name, StringComparer.OrdinalIgnoreCase);
}
