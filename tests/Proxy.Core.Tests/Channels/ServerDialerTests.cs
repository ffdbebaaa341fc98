using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Channels;

public sealed class ServerDialerTests : IAsyncLifetime
{
    private readonly FakeDials _dials = new();
    private readonly FakeConnection _server = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<ProxyMeter>().BuildServiceProvider();

    [Theory]
    [InlineData(typeof(IOException), typeof(DialFailedException))]
    [InlineData(typeof(InvalidOperationException), typeof(InvalidOperationException))]
    public async Task Connect_PeerCannotBeTold_ServersConnectionIsDisposed(Type failure, Type expected)
    {
        await using var tunnel = Tunnel(() => throw (Exception)Activator.CreateInstance(failure)!);
        using var served = new ServedEndPoint(tunnel, new IPEndPoint(IPAddress.Loopback, 1));
        var channels = new CurrentChannels(null);
        var dialer = new ServerDialer(
            _dials,
            channels,
            new ReadyProbe(channels, new ThisInstance(channels), TimeProvider.System, NullLogger<ReadyProbe>.Instance),
            new TunnelMetrics(_services.GetRequiredService<ProxyMeter>(), new MemberDirectory("A_1")),
            TimeProvider.System
        );
        var dialing = dialer.ConnectAsync(served).AsTask();
        (await _dials.WaitAsync(1)).Succeed(_server);

        await Assert.ThrowsAsync(expected, () => dialing.WaitAsync(Eventually.Limit));

        Assert.True(_server.Disposed);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _services.DisposeAsync();
    }

    private static ServerTunnelConnection Tunnel(Action answered)
    {
        var tunnel = new ServerTunnelConnection(
            new DefaultHttpContext(),
            new TunnelRequest("ring", null, null, null),
            new TunnelPeer(new FakeConnection(), null, null),
            "B_1"
        )
        {
            Answered = _ => answered(),
        };
        tunnel.Features.Set(new ConnectionRecord(tunnel, ChannelSlots.Endpoint("ring"), ChannelSlots.Serves, TimeProvider.System));
        return tunnel;
    }
}
