using Proxy.Diagnostics;

namespace Proxy.Multiplexing;

/// <summary>The lanes of one client: one to the route's destination, and one for each cluster that serves units of it. Used by the client's reader alone.</summary>
internal sealed class ClientLanes(MultiplexClient client, ILaneOpener opener)
{
    private readonly Dictionary<string, RequestLane> _elsewhere = new(StringComparer.OrdinalIgnoreCase);
    private RequestLane? _own;

    /// <summary>Opens the route's own lane, since a client is pinned to a destination from its first moment.</summary>
    public bool TryOpen(out ConnectionOutcome failure)
    {
        _own = opener.Open(client, null, out failure);
        return _own is not null;
    }

    /// <summary>The lane a request takes; null if its cluster has no destination.</summary>
    /// <param name="unit">The unit it is for, if the protocol has units.</param>
    public RequestLane? Find(ushort? unit)
    {
        if (unit is not { } id || client.Rules?.ClusterOf(id) is not { } clusterId)
        {
            return _own = Renew(_own, null);
        }

        var lane = Renew(_elsewhere.GetValueOrDefault(clusterId), clusterId);
        if (lane is not null)
        {
            _elsewhere[clusterId] = lane;
        }

        return lane;
    }

    public void Close()
    {
        foreach (var lane in _elsewhere.Values.Append(_own).OfType<RequestLane>())
        {
            lane.Session.Leave(lane);
        }
    }

    // A client whose destination is not configured any more goes to another one, once nothing of it is under way.
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
