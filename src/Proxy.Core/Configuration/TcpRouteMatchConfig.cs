namespace Proxy.Configuration;

/// <summary>Which connections a route takes.</summary>
public sealed record TcpRouteMatchConfig
{
    /// <summary>Ids of endpoints.</summary>
    public IReadOnlyList<string> Endpoints { get; init; } = [];

    /// <summary>Networks of clients, as 10.0.0.0/8; empty for all.</summary>
    public IReadOnlyList<string> SourceNetworks { get; init; } = [];

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? ServerNames { get; init; }

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? AlpnProtocols { get; init; }

    /// <summary>Not available yet.</summary>
    [NotAvailableYet]
    public object? Protocols { get; init; }
}
