using System.Diagnostics.Metrics;
using Proxy.Diagnostics;

namespace Proxy.Channels.Monitoring;

/// <summary>Metrics of notifications: deliveries and failures by sink, and the newest version by channel.</summary>
internal sealed class NotificationMetrics
{
    private readonly ChannelMonitor _monitor;
    private readonly Counter<long> _delivered;

    public NotificationMetrics(ProxyMeter meter, ChannelMonitor monitor)
    {
        _monitor = monitor;
        _delivered = meter.Instruments.CreateCounter<long>(
            "proxy.channel.notifications",
            "{notification}",
            "Notifications, by sink and result."
        );
        meter.Instruments.CreateObservableGauge(
            "proxy.channel.version",
            ObserveVersions,
            "{version}",
            "The version published last, by channel."
        );
    }

    /// <summary>Counts a notification.</summary>
    public void Delivered(string sink, bool succeeded) =>
        _delivered.Add(1, new("proxy.channel.sink", sink), new("proxy.result", succeeded ? "succeeded" : "failed"));

    private IEnumerable<Measurement<long>> ObserveVersions() =>
        _monitor.Current.Values.Select(static state => new Measurement<long>(
            state.Version,
            new KeyValuePair<string, object?>("proxy.channel", state.Channel)
        ));
}
