using System.Diagnostics.Metrics;
using Proxy.Channels.Membership;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>Metrics of tunnels and their bytes by peer, and of members by state.</summary>
internal sealed class TunnelMetrics
{
    private const string Peer = "proxy.channel.peer";

    // The statuses that the protocol has get a label; a peer may send any number.
    private static readonly Dictionary<int, object> _statuses = (
        (int[])[0, 200, 400, 401, 403, 404, 421, 429, 500, 502, 503, 504]
    ).ToDictionary(static status => status, static object (status) => status);

    private readonly ProxyMeter _meter;
    private readonly MemberDirectory _members;
    private readonly OpenRecords _tunnels = new(static record => record.DestinationId ?? "");
    private readonly Lock _gate = new(); // guards _peers
    private readonly HashSet<string> _peers = new(StringComparer.OrdinalIgnoreCase); // the labels in use
    private readonly Counter<long> _opened;

    public TunnelMetrics(ProxyMeter meter, MemberDirectory members)
    {
        (_meter, _members) = (meter, members);
        var instruments = meter.Instruments;
        _opened = instruments.CreateCounter<long>("proxy.channel.tunnels", "{tunnel}", "Tunnels asked for, by peer and answer.");
        instruments.CreateObservableUpDownCounter(
            "proxy.channel.active_tunnels",
            ObserveOpen,
            "{tunnel}",
            "Tunnels that are open, by peer and by what carries them."
        );
        instruments.CreateObservableCounter(
            "proxy.channel.io",
            ObserveBytes,
            "By",
            "Bytes of tunnels; receive is from the instance that opened the tunnel."
        );
        instruments.CreateObservableUpDownCounter("proxy.channel.members", ObserveMembers, "{member}", "Members by state.");
    }

    /// <summary>Counts a tunnel that was requested.</summary>
    /// <param name="slot">Whether this instance requested it or was asked for it.</param>
    /// <param name="peer">The id of the peer, as it names itself.</param>
    /// <param name="status">The HTTP status of the answer; 0 for none.</param>
    public void Asked(string slot, string peer, int status) =>
        _opened.Add(
            1,
            Direction(slot),
            new(Peer, Known(peer)),
            new("http.response.status_code", _statuses.GetValueOrDefault(status, _statuses[500]))
        );

    /// <summary>Counts a tunnel as open.</summary>
    public void Opened(ConnectionRecord record) => _tunnels.Add(record);

    /// <summary>Counts a tunnel as ended.</summary>
    public void Ended(ConnectionRecord record) => _tunnels.Settle(record);

    private static KeyValuePair<string, object?> Direction(string slot) =>
        new("proxy.channel.direction", slot == ChannelSlots.Serves ? "serves" : "calls");

    // A peer that is no member may call itself anything, so it is counted without a name.
    private string Known(string peer)
    {
        var members = _members.Current.All;
        if (!members.ContainsKey(peer))
        {
            return "";
        }

        lock (_gate)
        {
            if (_peers.Add(peer) && _peers.Count > members.Count + ProxyMeter.MaxGone)
            {
                _meter.Gone(_peers.RemoveWhere(known => !members.ContainsKey(known)));
                _tunnels.Forget(known => !members.ContainsKey(known));
            }
        }

        return peer;
    }

    private IEnumerable<Measurement<int>> ObserveOpen() =>
        _tunnels
            .Open.GroupBy(static record => (Direction(record.Slot), record.DestinationId, record.HasOwnTunnel))
            .Select(static group => new Measurement<int>(
                group.Count(),
                group.Key.Item1,
                new(Peer, group.Key.DestinationId),
                new("proxy.channel.carriage", group.Key.HasOwnTunnel ? "connection" : "http2")
            ));

    private List<Measurement<long>> ObserveBytes()
    {
        var measurements = new List<Measurement<long>>();
        foreach (var (peer, totals) in _tunnels.Totals())
        {
            measurements.Add(new(totals.Received, new(Peer, peer), new("network.io.direction", "receive")));
            measurements.Add(new(totals.Sent, new(Peer, peer), new("network.io.direction", "transmit")));
        }

        return measurements;
    }

    private IEnumerable<Measurement<int>> ObserveMembers() =>
        _members
            .Current.All.Values.GroupBy(static member => member.State)
            .Select(static group => new Measurement<int>(
                group.Count(),
                new KeyValuePair<string, object?>("proxy.channel.member_state", group.Key.ToString())
            ));
}
