using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Routes;
using Proxy.Configuration.Tls;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Peeking;
using Proxy.Tls;
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
    private static readonly ConnectionAbortedException _failed = new("The route's mode failed.");

    private readonly ConnectionFacts _nothing = new(table.Plan);
    private readonly Func<TcpConnection, Task> _end = end;

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
            return AuthenticateAsync(this, (TcpConnection)connection, record, facts, pipelines[id]);
        }

        record.RouteId = id;
        return pipelines[id].Whole(connection);
    }

    // The handshake is that of the first route that the ClientHello leads to; the certificate decides which route it is.
    private static async Task AuthenticateAsync(
        RoutingMiddleware routing,
        TcpConnection connection,
        ConnectionRecord record,
        ConnectionFacts facts,
        RoutePipeline first
    )
    {
        if (await first.Terminator!.AuthenticateAsync(connection, record) is not { } tls)
        {
            first.Routed(record);
            return;
        }

        await using (tls)
        {
            if (routing.Choose(tls, facts, first.Tls, out var id) is { } mode)
            {
                record.RouteId = id;
                routing = null!; // it leads to all routes of the address, and the connection may outlive many edits
                first = null!;
                try
                {
                    await mode(tls);
                }
                catch
                {
                    tls.Abort(_failed); // an orderly end would look as if all bytes had arrived
                    throw;
                }
            }
            else if (record.TryEnd(ConnectionOutcome.NoRoute))
            {
                await tls.EndSendingAsync();
                await routing._end(connection);
            }
        }
    }

    // A route with other TLS would have asked for something else, or for nothing.
    private ConnectionDelegate? Choose(TlsConnection client, ConnectionFacts facts, RouteTlsConfig? tls, out string? id)
    {
        id = table.Decide(AddressOf(client), facts, PeerNames.Of(client.Facts.PeerCertificate)).RouteId;
        return id is not null && TerminationValidator.AreSame(pipelines[id].Tls, tls) ? pipelines[id].Mode : null;
    }

    private static IPAddress? AddressOf(ConnectionContext connection) => (connection.RemoteEndPoint as IPEndPoint)?.Address;
}
