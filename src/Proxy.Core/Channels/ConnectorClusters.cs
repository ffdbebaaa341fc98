using System.Globalization;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Configuration;
using Proxy.Configuration.Channels;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Channels;

/// <summary>
/// Gives clusters that name a connector its members as destinations: the local addresses on which a channel listens for them. A service is
/// one destination, since its channel balances the members.
/// </summary>
/// <param name="states">The states of the channels as they were reported last; evaluated whenever a revision is filled.</param>
internal sealed class ConnectorClusters(Func<IReadOnlyDictionary<string, ChannelState>> states)
{
    /// <summary>The clusters of a revision, with the members at present as destinations.</summary>
    public IReadOnlyList<ClusterConfig> Fill(Revision revision)
    {
        var config = revision.Config.ReverseProxy;
        if (!config.Clusters.Values.Any(static cluster => cluster.Connector is not null))
        {
            return revision.Clusters;
        }

        var http = config.UsedClusters().Http;
        var callers = Callers(revision.Config.Channels);
        return
        [
            .. revision.Clusters.Select(cluster =>
                config.Clusters.GetValueOrDefault(cluster.ClusterId)?.Connector is { } connector
                    ? Fill(cluster, callers[connector].FirstOrDefault(), http.Contains(cluster.ClusterId))
                    : cluster
            ),
        ];
    }

    private ClusterConfig Fill(ClusterConfig cluster, string? channel, bool http) =>
        cluster with
        {
            Destinations = Destinations(channel)
                .ToDictionary(static one => one.Id, one => new DestinationConfig { Address = Address(http, one.Ip, one.Port) }),
        };

    private static string Address(bool http, string ip, int port) =>
        string.Create(CultureInfo.InvariantCulture, $"{(http ? "http" : "tcp")}://{ip}:{port}");

    // The channels that call each connector.
    private static ILookup<string, string> Callers(ChannelsConfig? config) =>
        (config?.Items ?? new Dictionary<string, ChannelConfig>())
            .Where(static pair => pair.Value.Calls)
            .OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase)
            .ToLookup(static pair => pair.Value.Connector, static pair => pair.Key, StringComparer.OrdinalIgnoreCase);

    private IEnumerable<(string Id, string Ip, int Port)> Destinations(string? channel)
    {
        var state = channel is null ? null : states().GetValueOrDefault(channel);
        return state switch
        {
            null or { Listening: false } => [],
            { Type: "request" } => [(state.Channel, state.Ip!, state.Port)],
            _ => Members(state),
        };
    }

    // A suspect or draining member gets no new connections. Of several ports the first is used.
    private static IEnumerable<(string Id, string Ip, int Port)> Members(ChannelState state) =>
        state
            .Members.Where(static member => member.State == MemberState.Up)
            .DistinctBy(static member => member.Iid)
            .Select(static member => (member.Iid, member.Ip, member.Port));
}
