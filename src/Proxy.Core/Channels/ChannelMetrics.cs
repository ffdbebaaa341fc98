using System.Diagnostics.Metrics;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>What channels measure: tunnels and their bytes by peer, members by state, notifications.</summary>
internal sealed class ChannelMetrics
{
    private const string Peer = "proxy.channel.peer";

    // What a tunnel is answered with; a peer may answer anything.
    private static readonly Dictionary<int, object> _statuses = (
        (int[])[0, 200, 400, 401, 403, 404, 421, 429, 500, 502, 503, 504]
    ).ToDictionary(static status => status, static object (status) => status);

    private readonly ProxyMeter _meter;
    private readonly OpenRecords _tunnels = new(static record => record.DestinationId ?? "");
    private readonly Lock _gate = new(); // guards _peers
    private readonly HashSet<string> _peers = new(StringComparer.OrdinalIgnoreCase); // all that are labels
    private Counter<long> _opened = null!;
    private Counter<long> _told = null!;

    public ChannelMetrics(ProxyMeter meter)
    {
        _meter = meter;
        meter.Add(Create);
    }

    /// <summary>The members that gauges are read from.</summary>
    public Func<MemberSet> Members { get; set; } = static () => MemberSet.None;

    /// <summary>The channels that gauges are read from.</summary>
    public Func<IEnumerable<ChannelState>> Channels { get; set; } = static () => [];

    /// <summary>Counts a tunnel that was asked for.</summary>
    /// <param name="slot">Whether we asked or were asked.</param>
    /// <param name="peer">The instance, as it calls itself.</param>
    /// <param name="status">The HTTP status of the answer; 0 for none.</param>
    public void Asked(string slot, string peer, int status) =>
        Volatile
            .Read(ref _opened)
            .Add(
                1,
                Direction(slot),
                new(Peer, Known(peer)),
                new("http.response.status_code", _statuses.GetValueOrDefault(status, _statuses[500]))
            );

    /// <summary>Counts a notification.</summary>
    public void Told(string sink, bool succeeded) =>
        Volatile.Read(ref _told).Add(1, new("proxy.channel.sink", sink), new("proxy.result", succeeded ? "succeeded" : "failed"));

    /// <summary>A tunnel is open.</summary>
    public void Opened(ConnectionRecord record) => _tunnels.Add(record);

    /// <summary>A tunnel has ended.</summary>
    public void Ended(ConnectionRecord record) => _tunnels.Settle(record);

    private static KeyValuePair<string, object?> Direction(string slot) =>
        new("proxy.channel.direction", slot == ChannelSlots.Serves ? "serves" : "calls");

    private void Create(Meter meter)
    {
        Volatile.Write(
            ref _opened,
            meter.CreateCounter<long>("proxy.channel.tunnels", "{tunnel}", "Tunnels asked for, by peer and answer.")
        );
        Volatile.Write(
            ref _told,
            meter.CreateCounter<long>("proxy.channel.notifications", "{notification}", "Notifications, by sink and result.")
        );
        meter.CreateObservableUpDownCounter("proxy.channel.active_tunnels", ObserveOpen, "{tunnel}", "Tunnels that are open, by peer.");
        meter.CreateObservableCounter("proxy.channel.io", ObserveBytes, "By", "Bytes of tunnels; receive is from whoever opened it.");
        meter.CreateObservableUpDownCounter("proxy.channel.members", ObserveMembers, "{member}", "Members by state.");
        meter.CreateObservableGauge("proxy.channel.version", ObserveVersions, "{version}", "The version told last, by channel.");
    }

    // Whoever is not a member may call itself anything, so it has no name here.
    private string Known(string peer)
    {
        var members = Members().All;
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
            .Open.GroupBy(static record => (Direction(record.Slot), record.DestinationId))
            .Select(static group => new Measurement<int>(group.Count(), group.Key.Item1, new(Peer, group.Key.DestinationId)));

    private List<Measurement<long>> ObserveBytes()
    {
        var measurements = new List<Measurement<long>>();
        foreach (var (peer, (received, sent)) in _tunnels.Bytes())
        {
            measurements.Add(new(received, new(Peer, peer), new("network.io.direction", "receive")));
            measurements.Add(new(sent, new(Peer, peer), new("network.io.direction", "transmit")));
        }

        return measurements;
    }

    private IEnumerable<Measurement<int>> ObserveMembers() =>
        Members()
            .All.Values.GroupBy(static member => member.State)
            .Select(static group => new Measurement<int>(
                group.Count(),
                new KeyValuePair<string, object?>("proxy.channel.member_state", group.Key.ToString())
            ));

    private IEnumerable<Measurement<long>> ObserveVersions() =>
        Channels()
            .Select(static state => new Measurement<long>(
                state.Version,
                new KeyValuePair<string, object?>("proxy.channel", state.Channel)
            ));
}
