using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Routes;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Peeking;
using Proxy.Tls.Termination;

namespace Proxy.Routes;

/// <summary>Hands a connection to the first route that takes it.</summary>
/// <param name="table">Chooses the route.</param>
/// <param name="pipelines">The pipelines of the routes, by id.</param>
/// <param name="end">Ends a connection within TLS that no route takes, so that its client can read the end.</param>
internal sealed class RoutingMiddleware(
    RouteTable table,
    IReadOnlyDictionary<string, RoutePipeline> pipelines,
    Func<TcpConnection, Task> end
)
{
    private readonly ConnectionFacts _nothing = new(table.Plan);

    /// <summary>Routes one connection, whose first bytes were examined if the table asks for that.</summary>
    /// <param name="connection">The connection of the client.</param>
    /// <returns>A task that completes when the connection has ended.</returns>
    public Task OnConnectionAsync(ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var record = ConnectionRecord.Of(connection);
        var facts = table.Peeks ? connection.Features.Get<ConnectionFacts>() ?? _nothing : _nothing;
        var decision = table.Decide(AddressOf(connection), facts);
        if (decision.RouteId is not { } id)
        {
            record.Close(facts.HasTimedOut ? ConnectionOutcome.PeekTimeout : ConnectionOutcome.NoRoute);
            return Task.CompletedTask;
        }

        if (decision.NeedsCertificate)
        {
            return AuthenticateAsync((TcpConnection)connection, record, facts, pipelines[id]);
        }

        record.RouteId = id;
        return pipelines[id].Whole(connection);
    }

    // The handshake is that of the first route that the ClientHello leads to; the certificate decides which route it is.
    private async Task AuthenticateAsync(TcpConnection connection, ConnectionRecord record, ConnectionFacts facts, RoutePipeline first)
    {
        if (await first.Terminator!.AuthenticateAsync(connection, record) is not { } tls)
        {
            first.Routed(record);
            return;
        }

        await using (tls)
        {
            var id = table.Decide(AddressOf(connection), facts, PeerNames.Of(tls.Facts.PeerCertificate)).RouteId;
            // A route with other TLS would have asked for something else, or nothing.
            if (id is not null && pipelines[id] is var chosen && TlsRouteValidator.AreSame(chosen.Tls, first.Tls))
            {
                record.RouteId = id;
                await chosen.Mode(tls);
                return;
            }

            if (record.TryEnd(ConnectionOutcome.NoRoute))
            {
                await tls.EndSendingAsync();
                await end(connection);
            }
        }
    }

    private static IPAddress? AddressOf(ConnectionContext connection) => (connection.RemoteEndPoint as IPEndPoint)?.Address;
}
