using Proxy.Configuration.Routes;
using Proxy.Diagnostics;
using Proxy.Revisions;

namespace Proxy.Host.Contracts;

/// <summary>An open connection.</summary>
/// <param name="Id">The connection's id, as in the access log.</param>
/// <param name="StartedAt">When it was accepted.</param>
/// <param name="Age">The time since then.</param>
/// <param name="Endpoint">The endpoint that accepted it.</param>
/// <param name="Route">The route; null until one is chosen.</param>
/// <param name="Cluster">The cluster; null until it is known.</param>
/// <param name="Destination">The destination that was dialed last; null before the first dial.</param>
/// <param name="Client">The client's address and port.</param>
/// <param name="Local">The local address and port that the client connected to.</param>
/// <param name="Peer">The address of the load balancer that sent a PROXY protocol header; null without one.</param>
/// <param name="ProxyHeader">The kind of that header: v1, v2, v1 unknown, v2 unknown or v2 local; null without one.</param>
/// <param name="ProxyAuthority">The server name that the header tells; null if there is none.</param>
/// <param name="ServerName">The server name that the client asked for by TLS; null if none is known.</param>
/// <param name="AlpnProtocols">The application protocols that it offered by TLS, with commas between; null if none are known.</param>
/// <param name="BytesIn">Bytes received from the client.</param>
/// <param name="BytesOut">Bytes sent to the client.</param>
/// <param name="Queued">The time it waited for a lock, or that all its requests waited in a multiplexer; without waits that have not ended.</param>
/// <param name="Connecting">How long dialing took, all attempts together; zero before the first dial ends.</param>
/// <param name="Connected">The time since its upstream connection was established; zero before, and for clients of a multiplexer.</param>
/// <param name="Phase">What the connection is doing: Routing, Queued, Connecting, Connected or Ending.</param>
internal sealed record ConnectionAnswer(
    string Id,
    DateTimeOffset StartedAt,
    TimeSpan Age,
    string Endpoint,
    string? Route,
    string? Cluster,
    string? Destination,
    string? Client,
    string? Local,
    string? Peer,
    string? ProxyHeader,
    string? ProxyAuthority,
    string? ServerName,
    string? AlpnProtocols,
    long BytesIn,
    long BytesOut,
    TimeSpan Queued,
    TimeSpan Connecting,
    TimeSpan Connected,
    ConnectionPhase Phase
)
{
    /// <summary>What the TLS handshake with the client has agreed on; null if TLS is not terminated, or not yet.</summary>
    public TlsAnswer? Tls { get; init; }

    /// <summary>
    /// What the TLS handshake with the destination has agreed on; null if it is connected in clear or not yet, and for clients of a multiplexer, which share
    /// connections.
    /// </summary>
    public TlsAnswer? UpstreamTls { get; init; }

    public static ConnectionAnswer Of(ConnectionRecord record, ProxyStatus status) =>
        new(
            record.Id,
            record.StartedAt,
            record.Elapsed,
            record.EndpointId,
            record.RouteId,
            record.ClusterId,
            record.DestinationId,
            record.Client?.ToString(),
            record.Local?.ToString(),
            record.Peer?.ToString(),
            record.ProxyHeader,
            record.ProxyAuthority,
            record.ServerName,
            record.AlpnProtocols,
            record.ClientBytes,
            record.UpstreamBytes,
            record.Queued,
            record.Connecting,
            record.Connected,
            PhaseOf(record, status)
        )
        {
            Tls = TlsAnswer.Of(record.Tls),
            UpstreamTls = TlsAnswer.Of(record.UpstreamTls),
        };

    private static ConnectionPhase PhaseOf(ConnectionRecord record, ProxyStatus status)
    {
        var mode = record.RouteId is { } id ? status.Current.Running?.Config.ReverseProxy.TcpRoutes.GetValueOrDefault(id)?.Mode : null;
        return record.Outcome is not null ? ConnectionPhase.Ending
            : record.Connected > TimeSpan.Zero ? ConnectionPhase.Connected
            : record.DestinationId is not null && mode == TcpMode.Multiplex ? ConnectionPhase.Connected
            : record.DestinationId is not null ? ConnectionPhase.Connecting
            : mode == TcpMode.Http ? ConnectionPhase.Connected
            : mode == TcpMode.Lock ? ConnectionPhase.Queued
            : ConnectionPhase.Routing;
    }
}
