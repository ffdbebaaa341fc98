using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels.Membership;
using Proxy.Channels.Monitoring;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Channels.Monitoring;

/// <summary>What is counted of notifications: runs, failures, and the version that was told last.</summary>
public sealed class NotificationMetricsTests : IAsyncLifetime
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ManualTime _time = new();
    private readonly ChannelMonitor _monitor = new("boot", static () => "127.0.0.12", TimeProvider.System, NullLogger.Instance);
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, long> _counted = [];
    private readonly Dictionary<string, long> _versions = [];
    private NotificationMetrics _metrics = null!;

    public Task InitializeAsync()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == meters && instrument.Name is "proxy.channel.notifications" or "proxy.channel.version")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument.Name, value, tags));
        _listener.Start();
        _metrics = new NotificationMetrics(new ProxyMeter(meters), _monitor);
        _monitor.Start();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Delivered_FailsAndSucceeds_RunsFailuresAndVersionAreCounted()
    {
        var sink = new FakeSink();
        await using var pump = new NotificationPump(sink, _monitor, _metrics, _time, NullLogger.Instance);
        pump.Start();
        await SetAsync("A_1");
        await sink.NextAsync();

        sink.Answer("is away");
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(1));
        Assert.Equal((1, 0), (Counted("failed"), Counted("succeeded")));
        _time.Advance(TimeSpan.FromSeconds(1));
        await sink.NextAsync();
        sink.Answer("is still away");
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(2));
        _time.Advance(TimeSpan.FromSeconds(2));
        await sink.NextAsync();
        sink.Answer();

        await Eventually.TrueAsync(() => Counted("succeeded") == 1);
        Assert.Equal(2, Counted("failed"));
        _listener.RecordObservableInstruments();
        Assert.Equal(_monitor.Current["ring"].Version, _versions["ring"]);

        await SetAsync("A_1", "A_2");
        await sink.NextAsync();
        sink.Answer();
        await Eventually.TrueAsync(() => Counted("succeeded") == 2);
        _listener.RecordObservableInstruments();
        Assert.Equal((2, 2), (_monitor.Current["ring"].Version, _versions["ring"]));
    }

    public async Task DisposeAsync()
    {
        _listener.Dispose();
        await _monitor.DisposeAsync();
        await _services.DisposeAsync();
    }

    private long Counted(string result)
    {
        lock (_counted)
        {
            return _counted.GetValueOrDefault($"fake {result}");
        }
    }

    private void Note(string instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = string.Join(' ', tags.ToArray().Select(static tag => Convert.ToString(tag.Value, CultureInfo.InvariantCulture)));
        lock (_counted)
        {
            if (instrument == "proxy.channel.version")
            {
                _versions[text] = value;
            }
            else
            {
                _counted[text] = _counted.GetValueOrDefault(text) + value;
            }
        }
    }

    private async Task SetAsync(params string[] members)
    {
        var state = new ChannelState("ring", "c", "duplex")
        {
            Listening = true,
            Members = [.. members.Select(static id => new ChannelMemberState(id, "127.0.0.3", 9100, MemberState.Up, "e"))],
        };
        _monitor.Set([state], new() { Min = TimeSpan.FromMilliseconds(1), Max = TimeSpan.FromMilliseconds(2) });
        await _monitor.PublishedAsync(CancellationToken.None).WaitAsync(Eventually.Limit);
    }
}
