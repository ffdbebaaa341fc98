using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Clusters.LoadBalancing;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Multiplexing;

/// <summary>
/// The end of a Multiplex pipeline: accepts a client's requests, which share the connections to their destination with other clients.
/// </summary>
internal sealed class MultiplexHandler(MultiplexRoute route, MultiplexDependencies services) : ConnectionHandler
{
    /// <inheritdoc />
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var record = ConnectionRecord.Of(connection);
        record.ClusterId = route.Cluster.Id;
        (connection as TcpConnection)?.SetKeepAlive(route.KeepAlive);
        var framer = route.Framer ?? (services.Registry.SettingsOf(route.Cluster.Id) ?? route.Cluster.Settings).Framer;
        var opener = new Opener(route, services, record);
        var deadlines = new RelayDeadlines(route.Deadlines.Jittered(services.Random), services.Clock.Now);
        await new MultiplexClient(connection, framer, route, deadlines, opener, services).RunAsync();
    }

    private sealed class Opener(MultiplexRoute route, MultiplexDependencies services, ConnectionRecord record) : ILaneOpener
    {
        public RequestLane? Open(MultiplexClient client, string? clusterId, out ConnectionOutcome failure)
        {
            failure = ConnectionOutcome.NoDestination;
            var target = clusterId is null ? route.Cluster : route.Others[clusterId];
            if (target.Reference.Find() is not { } cluster)
            {
                return null;
            }

            var context = new PickContext((record.Client as IPEndPoint)?.Address, cluster.ClusterId);
            var pick = services.Picker.Pick(cluster, target.Settings.Cluster, context, []);
            if (pick.Destination is not { } destination || pick.Load is not { } load)
            {
                return null;
            }

            if (clusterId is null)
            {
                record.DestinationId = destination.DestinationId;
            }

            record.Span?.Relaying(target.Id, destination.DestinationId);
            var key = new SessionKey(target.Id, destination.DestinationId, destination.Model.Config.Address);
            return services.Registry.Join(
                key,
                target.Settings,
                session => new RequestLane(client, session, new(client.Framer, session.Settings.Framer, client.Rules), load)
            );
        }
    }
}
