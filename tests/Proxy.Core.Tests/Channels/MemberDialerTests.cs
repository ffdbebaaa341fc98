using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Connections;
using Proxy.Core.Tests.Channels.Tunnel;
using Proxy.Diagnostics;
using Proxy.Forwarding;
using Proxy.Limits;
using Proxy.Timing;

namespace Proxy.Core.Tests.Channels;

/// <summary>A member that has started again, and a caller that does not know yet.</summary>
public sealed class MemberDialerTests : IAsyncLifetime
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    private readonly TestAuthority _authority = new();
    private readonly ManualTime _time = new();
    private readonly MemberDirectory _members = new("B_1");
    private readonly BufferPool _buffers = new();
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly int _port = Ports.Free();
    private readonly Socket _legacy = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private ChannelInstance _caller = null!;
    private ChannelInstance _server = null!;
    private TunnelConnectionFactory _tunnels = null!;
    private Socket _client = null!;
    private ConnectionContext _ours = null!;
    private Task _running = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        _server = ChannelInstance.Create(_authority, "A_32000", ("ring", Ring(DuplexMode.Connect)));
        _legacy.Bind(new IPEndPoint(_server.Ip, _port));
        _legacy.Listen();
        await _server.StartAsync();
        _caller = ChannelInstance.Create(_authority, "B_1", ("ring", Ring(DuplexMode.Bind)));
        await _caller.StartAsync();
        var tunnel = _authority.Tunnel("B_1");
        _tunnels = new(
            tunnel,
            new TunnelCredentials(tunnel, TestAuthority.Group, NullLogger.Instance),
            "B_1",
            new(ByteBudget.OfProcess(), TimeProvider.System)
        );
        Know("before");
        (_client, _ours) = await Loopback.ConnectAsync(_buffers, _clock);
        _running = Pipelines().Of(new("ring", _server.Id, _port), Ring(DuplexMode.Bind))(_ours);
        await _time.WaitForTimerAsync(_patience); // it was told 421, and waits
    }

    [Fact]
    public async Task Duplex_NewEpochOfTheMemberComes_IsAskedAgain()
    {
        Know((await _server.StateAsync("ring", static _ => true)).Boot);

        using var served = await _legacy.AcceptWithinAsync();
        await served.SendAsync("there"u8.ToArray());
        Assert.Equal("there", await _client.ReadTextAsync(5));
    }

    [Fact]
    public async Task Duplex_NothingNewComes_IsReset()
    {
        _time.Advance(_patience);

        Assert.True((await _client.ReadToEndAsync()).Reset);
    }

    [Fact]
    public async Task Duplex_MemberGoes_IsReset()
    {
        _members.Apply(new MembershipUpdate.Gone(_server.Id, DepartureReason.Left));

        Assert.True((await _client.ReadToEndAsync()).Reset);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _running.WaitAsync(Eventually.Limit);
        await _ours.DisposeAsync();
        _tunnels.Dispose();
        await _server.DisposeAsync();
        await _caller.DisposeAsync();
        _legacy.Dispose();
        _clock.Dispose();
        _authority.Dispose();
    }

    private ChannelConfig Ring(DuplexMode mode) =>
        new()
        {
            Type = ChannelType.Duplex,
            Connector = "ring",
            Mode = mode,
            Port = _port,
            Allow = ["B_*"],
            Ready = ReadyCheck.None,
        };

    private CallPipelines Pipelines()
    {
        var services = _caller.Services;
        var balancer = services.GetRequiredService<MemberBalancer>();
        var suspicion = services.GetRequiredService<MemberSuspicion>();
        var dialer = new MemberDialer(_tunnels, _members, balancer, suspicion, services.GetRequiredService<TunnelMetrics>(), _time);
        return new(
            services.GetRequiredService<CurrentChannels>(),
            dialer,
            new ForwardDependencies(services.GetRequiredService<Relay>(), Random.Shared, _time),
            services.GetRequiredService<TrackingMiddleware>()
        );
    }

    private void Know(string epoch) =>
        _members.Apply(
            new MembershipUpdate.Changed(new MemberRecord(_server.Id, epoch, _server.Host.TunnelAddress!.ToString(), _server.Ip))
        );
}
