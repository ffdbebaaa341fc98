using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Proxy.Channels;
using Proxy.Configuration.Channels;

namespace Proxy.Core.Tests.Channels;

public sealed class ReadyProbeTests : IAsyncLifetime
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private readonly ManualTime _time = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly Socket _one = Loopback.Reserve();
    private readonly Socket _two = Loopback.Reserve();
    private readonly LogLines _logs = new();
    private CurrentChannels _channels = null!;
    private Task _running = Task.CompletedTask;

    public Task InitializeAsync() => Task.CompletedTask;

    [Fact]
    public async Task IsReady_PortsThatAreNamed_WhenAllAccept()
    {
        var channel = Duplex() with { Ports = [_one.Port(), _two.Port()] };
        _one.Listen();
        var probe = await StartAsync(channel);
        Assert.False(probe.IsReady("ring", channel));

        _two.Listen();

        await ReadyAsync(probe, channel);
    }

    [Fact]
    public async Task IsReady_Range_WhenOneAccepts()
    {
        var port = _one.Port();
        _one.Listen();
        var channel = Duplex() with { MinPort = port - 1, MaxPort = port + 1 };

        await ReadyAsync(await StartAsync(channel), channel);
    }

    [Fact]
    public async Task Run_ReadyInterval_IsThePauseBetweenProbesOfAReadyServer()
    {
        _one.Listen();
        var channel = Duplex() with { Ports = [_one.Port()], ReadyInterval = _pause * 3 };
        await ReadyAsync(await StartAsync(channel), channel);
        do
        {
            (await _one.AcceptWithinAsync()).Dispose();
        } while (_one.Poll(0, SelectMode.SelectRead)); // a look that was given up for late may have connected too

        foreach (var _ in Enumerable.Range(0, 2))
        {
            _time.Advance(_pause);
            await _time.WaitForTimerAsync(_pause);
            Assert.False(_one.Poll(0, SelectMode.SelectRead));
        }

        _time.Advance(_pause);
        (await _one.AcceptWithinAsync()).Dispose();
    }

    [Fact]
    public async Task IsReady_OnDial_ConnectionsDecideAndPausesGrow()
    {
        var channel = Duplex() with { Ports = [_one.Port()], Ready = ReadyCheck.OnDial };
        var probe = await StartAsync(channel);
        Assert.True(probe.IsReady("ring", channel)); // nobody has tried

        probe.Dialed("ring", succeeded: false);
        probe.Dialed("ring", succeeded: false);
        Assert.True(probe.IsReady("ring", channel));
        probe.Dialed("ring", succeeded: false);
        probe.Dialed("ring", succeeded: false); // was under way
        Assert.False(probe.IsReady("ring", channel));

        await PassAsync();
        Assert.True(probe.IsReady("ring", channel));
        probe.Dialed("ring", succeeded: false); // one is enough now
        Assert.False(probe.IsReady("ring", channel));
        await PassAsync();
        Assert.False(probe.IsReady("ring", channel));
        await PassAsync();
        Assert.True(probe.IsReady("ring", channel));

        probe.Dialed("ring", succeeded: true);
        probe.Dialed("ring", succeeded: false);
        probe.Dialed("ring", succeeded: false);
        Assert.True(probe.IsReady("ring", channel));

        async Task PassAsync()
        {
            _time.Advance(_pause);
            await _time.WaitForTimerAsync(_pause);
        }
    }

    [Fact]
    public async Task Run_ServerCannotBeTried_IsLoggedOnceAndTriedAgain()
    {
        var probe = await StartAsync(Duplex() with { Ports = [IPEndPoint.MaxPort + 1] });
        _time.Advance(_pause);
        await _time.WaitForTimerAsync(_pause);
        Assert.StartsWith("Warning: Channel ring: ", Assert.Single(_logs.All), StringComparison.Ordinal);

        _one.Listen();
        var channel = Duplex() with { Ports = [_one.Port()] };
        _channels.Update(Config(channel));

        await ReadyAsync(probe, channel);
    }

    public async Task DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
        _ending.Dispose();
        _logs.Dispose();
        _one.Dispose();
        _two.Dispose();
    }

    private static ChannelConfig Duplex() =>
        new()
        {
            Type = ChannelType.Duplex,
            Connector = "ring",
            Mode = DuplexMode.Connect,
        };

    private static ChannelsConfig Config(ChannelConfig channel) =>
        new()
        {
            Items = new Dictionary<string, ChannelConfig> { ["ring"] = channel },
            Loopback = new() { Mode = LoopbackMode.Port },
        };

    // A look has a second of real time, which may be too little here.
    private async Task ReadyAsync(ReadyProbe probe, ChannelConfig channel)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (!probe.IsReady("ring", channel))
        {
            limit.Token.ThrowIfCancellationRequested();
            _time.Advance(_pause);
            await _time.WaitForTimerAsync(_pause);
        }
    }

    /// <summary>Starts, and waits until it has looked once.</summary>
    private async Task<ReadyProbe> StartAsync(ChannelConfig channel)
    {
        _channels = new CurrentChannels(Config(channel));
        var probe = new ReadyProbe(_channels, new ThisInstance(_channels), _time, new Logger<ReadyProbe>(_logs));
        _running = probe.RunAsync(_ending.Token);
        await _time.WaitForTimerAsync(_pause);
        return probe;
    }
}
