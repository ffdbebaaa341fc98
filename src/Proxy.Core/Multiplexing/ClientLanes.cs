using Proxy.Diagnostics;

namespace Proxy.Multiplexing;

/// <summary>
/// The lanes of one client: one to the route's destination, and one per cluster that serves units of the route. Used only by the client's
/// reader.
/// </summary>
internal sealed class ClientLanes(MultiplexClient client, ILaneOpener opener)
{
    private readonly Dictionary<string, RequestLane> _elsewhere = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The lane to the route's own cluster; null before it is open.</summary>
    public RequestLane? Own { get; private set; }

    /// <summary>Opens the lane to the route's own cluster, since a client is pinned to a destination when it connects.</summary>
    public bool TryOpen(out ConnectionOutcome failure)
    {
        Own = opener.Open(client, null, out failure);
        Own?.Session.Memory.Open(client);
        return Own is not null;
    }

    /// <summary>Returns the lane for a request; null if its cluster has no destination.</summary>
    /// <param name="unit">The unit that the request is for; null if the protocol has no units.</param>
    public RequestLane? Find(ushort? unit)
    {
        if (unit is not { } id || client.Rules?.ClusterOf(id) is not { } clusterId)
        {
            var own = Renew(Own, null);
            if (own != Own)
            {
                own?.Session.Memory.Open(client);
            }

            return Own = own;
        }

        var lane = Renew(_elsewhere.GetValueOrDefault(clusterId), clusterId);
        if (lane is not null)
        {
            _elsewhere[clusterId] = lane;
        }

        return lane;
    }

    /// <summary>Drops the requests that were not sent.</summary>
    public void DropUnsent()
    {
        foreach (var lane in All)
        {
            lane.Session.DropUnsent(lane);
        }
    }

    public void Close()
    {
        foreach (var lane in All)
        {
            lane.Session.Leave(lane);
        }
    }

    private IEnumerable<RequestLane> All => _elsewhere.Values.Append(Own).OfType<RequestLane>();

    // A client whose destination was removed from the configuration moves to another one, once none of its requests is under way.
    private RequestLane? Renew(RequestLane? lane, string? clusterId)
    {
        if (lane is not null && !lane.Session.IsLeft(lane))
        {
            return lane;
        }

        var next = opener.Open(client, clusterId, out _);
        if (next is null)
        {
            return lane;
        }

        lane?.Session.Leave(lane);
        return next;
    }
}
