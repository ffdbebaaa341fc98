using Microsoft.Extensions.DependencyInjection;
using Proxy.Channels;
using Proxy.Configuration.Channels;
using Proxy.Core.Tests.Channels.Tunnel;

namespace Proxy.Core.Tests.Channels;

public sealed class ChannelReconcilerTests : IAsyncLifetime
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(5);

    private readonly TestAuthority _authority = new();
    private readonly ManualTime _time = new();
    private readonly LogLines _logs = new(typeof(ChannelReconciler).FullName);
    private readonly int _port = Ports.Free();
    private ChannelInstance _instance = null!;

    public async Task InitializeAsync()
    {
        var called = new ChannelConfig
        {
            Type = ChannelType.Request,
            Connector = "db",
            Port = _port,
        };
        var config = ChannelInstance.Configure(_authority, "A_32000", ("db", called)) with
        {
            Notify = new()
            {
                Debounce = new() { Min = TimeSpan.Zero, Max = TimeSpan.Zero },
            },
        };
        _instance = new(config, time: _time, logs: _logs);
        await _instance.StartAsync();
        await _instance.StateAsync("db", static state => state.Listening);
    }

    [Fact]
    public async Task Run_TellingFailsAfterAnAddressWasTakenOut_ALaterPassClosesIt()
    {
        // A channel without a type, which no checked configuration has, cannot be told.
        _instance.Host.Update(_instance.Config with { Items = new Dictionary<string, ChannelConfig> { ["bad"] = new() } });
        await Eventually.TrueAsync(() => _logs.Lines.Count == 1);

        _instance.Host.Update(_instance.Config with { Items = new Dictionary<string, ChannelConfig>() });
        var listeners = _instance.Services.GetRequiredService<CallListeners>();
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(_pause);
            return listeners.IsEmpty;
        });
    }

    public async Task DisposeAsync()
    {
        await _instance.DisposeAsync();
        _logs.Dispose();
        _authority.Dispose();
    }
}
