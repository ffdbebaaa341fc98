using System.Diagnostics.Metrics;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>What channels measure: tunnels and their bytes by peer, members by state, notifications.</summary>
internal sealed class ChannelMetrics
{
    private const string Peer = "proxy.channel.peer";

    private readonly Counter<long> _opened;
    private readonly Counter<long> _told;
    private readonly Lock _gate = new(); // guards _open and _endedBytes
    private readonly HashSet<ConnectionRecord> _open = [];
    private readonly Dictionary<string, (long In, long Out)> _endedBytes = new(StringComparer.OrdinalIgnoreCase);

    public ChannelMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(ProxyMetrics.MeterName);
        _opened = meter.CreateCounter<long>("proxy.channel.tunnels", "{tunnel}", "Tunnels asked for, by peer and answer.");
        _told = meter.CreateCounter<long>("proxy.channel.notifications", "{notification}", "Notifications, by sink and result.");
        meter.CreateObservableUpDownCounter("proxy.channel.active_tunnels", ObserveOpen, "{tunnel}", "Tunnels that are open, by peer.");
        meter.CreateObservableCounter("proxy.channel.io", ObserveBytes, "By", "Bytes of tunnels; receive is from whoever opened it.");
        meter.CreateObservableUpDownCounter("proxy.channel.members", ObserveMembers, "{member}", "Members by state.");
        meter.CreateObservableGauge("proxy.channel.version", ObserveVersions, "{version}", "The version told last, by channel.");
    }

    /// <summary>The members that gauges are read from.</summary>
    public Func<MemberSet> Members { get; set; } = static () => MemberSet.None;

    /// <summary>The channels that gauges are read from.</summary>
    public Func<IEnumerable<ChannelState>> Channels { get; set; } = static () => [];

    /// <summary>Counts a tunnel that was asked for.</summary>
    /// <param name="slot">Whether we asked or were asked.</param>
    /// <param name="peer">The instance.</param>
    /// <param name="status">The HTTP status of the answer; 0 for none.</param>
    public void Asked(string slot, string peer, int status) =>
        _opened.Add(1, Direction(slot), new(Peer, peer), new("http.response.status_code", status));

    /// <summary>Counts a notification.</summary>
    public void Told(string sink, bool succeeded) =>
        _told.Add(1, new("proxy.channel.sink", sink), new("proxy.result", succeeded ? "succeeded" : "failed"));

    /// <summary>A tunnel is open.</summary>
    public void Opened(ConnectionRecord record)
    {
        lock (_gate)
        {
            _open.Add(record);
        }
    }

    /// <summary>A tunnel has ended.</summary>
    public void Ended(ConnectionRecord record)
    {
        lock (_gate)
        {
            _open.Remove(record);
            Add(_endedBytes, record);
        }
    }

    private static KeyValuePair<string, object?> Direction(string slot) =>
        new("proxy.channel.direction", slot == ChannelSlots.Serves ? "serves" : "calls");

    private static void Add(Dictionary<string, (long In, long Out)> totals, ConnectionRecord record)
    {
        var (received, sent) = totals.GetValueOrDefault(record.DestinationId ?? "");
        totals[record.DestinationId ?? ""] = (received + record.ClientBytes, sent + record.UpstreamBytes);
    }

    private List<Measurement<int>> ObserveOpen()
    {
        lock (_gate)
        {
            return
            [
                .. _open
                    .GroupBy(static record => (Direction(record.Slot), record.DestinationId))
                    .Select(static group => new Measurement<int>(group.Count(), group.Key.Item1, new(Peer, group.Key.DestinationId))),
            ];
        }
    }

    private List<Measurement<long>> ObserveBytes()
    {
        lock (_gate)
        {
            var totals = new Dictionary<string, (long In, long Out)>(_endedBytes, StringComparer.OrdinalIgnoreCase);
            foreach (var record in _open)
            {
                Add(totals, record);
            }

            return
            [
                .. totals.SelectMany(static pair =>
                    new Measurement<long>[]
                    {
                        new(pair.Value.In, new(Peer, pair.Key), new("network.io.direction", "receive")),
                        new(pair.Value.Out, new(Peer, pair.Key), new("network.io.direction", "transmit")),
                    }
                ),
            ];
        }
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
