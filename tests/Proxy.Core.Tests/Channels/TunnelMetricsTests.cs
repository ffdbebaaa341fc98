using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Channels;

/// <summary>How open tunnels are counted apart, and which are counted together.</summary>
public sealed class TunnelMetricsTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<ProxyMeter>().BuildServiceProvider();
    private readonly TunnelMetrics _metrics;

    public TunnelMetricsTests() => _metrics = new(_services.GetRequiredService<ProxyMeter>(), new MemberDirectory("A_1"));

    [Fact]
    public void Opened_BothDirectionsAndCarriages_AreCountedApart()
    {
        Open(1, ChannelSlots.Calls, "B_1", hasOwnTunnel: false);
        Open(2, ChannelSlots.Calls, "B_1", hasOwnTunnel: true);
        Open(3, ChannelSlots.Serves, "B_1", hasOwnTunnel: false);
        var ended = Open(4, ChannelSlots.Serves, "B_1", hasOwnTunnel: true);
        Open(5, ChannelSlots.Calls, "B_2", hasOwnTunnel: true);

        Assert.Equal(
            ["calls B_1 connection 2", "calls B_1 http2 1", "calls B_2 connection 5", "serves B_1 connection 4", "serves B_1 http2 3"],
            Observe()
        );

        _metrics.Ended(ended);
        Assert.Contains("serves B_1 connection 3", Observe());
    }

    // A collector would take the second of two measurements with the same labels for the sum.
    [Fact]
    public void Opened_ByAChannelAndByEndpointsOfRoutes_IsOneMeasurement()
    {
        Open(1, ChannelSlots.Calls, "B_1", hasOwnTunnel: true);
        Open(2, "tcp://127.0.0.1:1", "B_1", hasOwnTunnel: true);
        Open(3, "tcp://127.0.0.1:2", "B_1", hasOwnTunnel: true);

        Assert.Equal(["calls B_1 connection 6"], Observe());
    }

    public void Dispose() => _services.Dispose();

    private ConnectionRecord Open(int count, string slot, string peer, bool hasOwnTunnel)
    {
        ConnectionRecord record;
        do
        {
            record = new(new FakeConnection(), ChannelSlots.Endpoint("ring"), slot, TimeProvider.System)
            {
                DestinationId = peer,
                HasOwnTunnel = hasOwnTunnel,
            };
            _metrics.Opened(record);
        } while (--count > 0);

        return record;
    }

    /// <summary>The measurements, each as direction, peer, carriage and value, in order.</summary>
    private List<string> Observe()
    {
        List<string> measured = [];
        var scope = _services.GetRequiredService<IMeterFactory>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "proxy.channel.active_tunnels" && instrument.Meter.Scope == scope)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>(
            (_, value, tags, _) =>
            {
                var labels = tags.ToArray().ToDictionary(static tag => tag.Key, static tag => tag.Value);
                measured.Add(
                    $"{labels["proxy.channel.direction"]} {labels["proxy.channel.peer"]} {labels["proxy.channel.carriage"]} {value}"
                );
            }
        );
        listener.Start();
        listener.RecordObservableInstruments();
        return [.. measured.Order(StringComparer.Ordinal)];
    }
}
