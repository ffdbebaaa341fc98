using Proxy.Configuration.Routes;
using Proxy.Diagnostics;
using Proxy.Revisions;

namespace Proxy.Host.Contracts;

/// <summary>An open connection.</summary>
/// <param name="Id">The id that the access log has.</param>
/// <param name="StartedAt">When it was accepted.</param>
/// <param name="Age">How long that is ago.</param>
/// <param name="Endpoint">The endpoint that accepted it.</param>
/// <param name="Route">The route, once chosen.</param>
/// <param name="Cluster">The cluster, once known.</param>
/// <param name="Destination">The destination of the last attempt.</param>
/// <param name="Client">The client's address.</param>
/// <param name="Local">The address it came to.</param>
/// <param name="BytesIn">Bytes from the client.</param>
/// <param name="BytesOut">Bytes to the client.</param>
/// <param name="Queued">How long it, or its requests together, waited in a queue so far as that has ended.</param>
/// <param name="Connecting">How long dialing took.</param>
/// <param name="Connected">How long its own upstream is connected; zero before, and for clients of a multiplexer.</param>
/// <param name="Phase">Routing, Queued, Connecting, Connected or Ending.</param>
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
    long BytesIn,
    long BytesOut,
    TimeSpan Queued,
    TimeSpan Connecting,
    TimeSpan Connected,
    ConnectionPhase Phase
)
{
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
            record.ClientBytes,
            record.UpstreamBytes,
            record.Queued,
            record.Connecting,
            record.Connected,
            PhaseOf(record, status)
        );

    private static ConnectionPhase PhaseOf(ConnectionRecord record, ProxyStatus status)
    {
        var mode = record.RouteId is { } id ? status.Current.Running?.Config.ReverseProxy.TcpRoutes.GetValueOrDefault(id)?.Mode : null;
        return record.Outcome is not null ? ConnectionPhase.Ending
            : record.Connected > TimeSpan.Zero ? ConnectionPhase.Connected
            : record.DestinationId is not null && mode == TcpMode.Multiplex ? ConnectionPhase.Connected
            : record.DestinationId is not null ? ConnectionPhase.Connecting
            : mode == TcpMode.Lock ? ConnectionPhase.Queued
            : ConnectionPhase.Routing;
    }
}
