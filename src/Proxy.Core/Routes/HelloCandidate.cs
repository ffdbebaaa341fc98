using Proxy.Configuration.Routes;
using Proxy.Peeking.Detectors;

namespace Proxy.Routes;

/// <summary>A route whose conditions for a ClientHello remain to be checked, its name and networks apart.</summary>
/// <param name="Number">The number of the route in the order in which they are tried.</param>
/// <param name="Conditions">The conditions.</param>
internal sealed record HelloCandidate(int Number, RouteConditions Conditions)
{
    private readonly bool _takesTls = Conditions.Protocols.Count == 0 || Conditions.HasProtocol("Tls");

    /// <summary>Whether it takes clients of PostgreSQL that ask for TLS.</summary>
    public bool TakesPostgres { get; } = Conditions.HasProtocol("Postgres");

    /// <summary>Whether it may take clients that begin with TLS.</summary>
    public bool TakesDirect => _takesTls || TakesPostgres;

    /// <summary>Whether it takes a client that sent a ClientHello.</summary>
    public bool Takes(in SentHello sent) =>
        (sent.IsOverPostgres ? TakesPostgres : _takesTls || (TakesPostgres && sent.Hello.AlpnProtocols.Contains(PostgresDetector.Alpn)))
        && (Conditions.AlpnProtocols.Count == 0 || Conditions.AlpnProtocols.Any(sent.Hello.AlpnProtocols.Contains));
}
