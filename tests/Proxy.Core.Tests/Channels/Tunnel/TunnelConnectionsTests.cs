using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;
using Proxy.Connections;
using Proxy.Connections.Sockets;
using Proxy.Limits;
using Proxy.Timing;

namespace Proxy.Core.Tests.Channels.Tunnel;

public sealed class TunnelConnectionsTests : IAsyncLifetime
{
    private const string ServerId = "A_21001";
    private readonly TestAuthority _authority = new();
    private readonly BufferPool _buffers = new();
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private ChannelInstance _server = null!;

    public async Task InitializeAsync() => _server = await ServeAsync(TunnelCarriage.Auto);

    [Fact]
    public async Task Open_Auto_FirstIsAStreamAndThenSomeAreReady()
    {
        using var factory = Factory(TunnelCarriage.Auto);
        Assert.Equal(404, await DialAsync(factory));
        Assert.Equal(0, factory.Connections!.Open);

        Assert.Equal(404, await DialAsync(factory));
        await Eventually.TrueAsync(() => factory.Connections.Ready == 2);

        Assert.Equal(404, await DialAsync(factory)); // takes one of them
        await Eventually.TrueAsync(() => factory.Connections.Ready == 3 && factory.Connections.Open == 3);
    }

    [Fact]
    public async Task Open_Many_NeverMoreAreReadyThanMayBe()
    {
        using var factory = Factory(TunnelCarriage.Auto);
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(404, await DialAsync(factory));
            Assert.InRange(factory.Connections!.Ready, 0, TunnelConnections.MostReady);
        }
    }

    [Fact]
    public async Task Open_PeerTakesStreamsOnly_AllAreStreams()
    {
        await using var old = await ServeAsync(TunnelCarriage.Http2, "A_21002");
        using var factory = Factory(TunnelCarriage.Connection);

        Assert.Equal(404, await DialAsync(factory, "A_21002", old));
        Assert.Equal(404, await DialAsync(factory, "A_21002", old));

        Assert.Equal(0, factory.Connections!.Open);
    }

    [Fact]
    public async Task Open_PeerTakesThemNoMore_AllAreStreamsAgain()
    {
        await using var old = await ServeAsync(TunnelCarriage.Http2, "A_21003");
        using var factory = Factory(TunnelCarriage.Connection);
        factory.Connections!.Learn(Peer("A_21003", old), takes: true);

        Assert.Equal(404, await DialAsync(factory, "A_21003", old));
        Assert.Equal(404, await DialAsync(factory, "A_21003", old));

        await Eventually.TrueAsync(() => factory.Connections.Open == 0);
    }

    [Fact]
    public async Task Open_Connection_RefusalOfAnotherStartIsTold()
    {
        using var factory = Factory(TunnelCarriage.Connection);
        factory.Connections!.Learn(Peer(), takes: true);

        var refused = await Assert.ThrowsAsync<TunnelRefusedException>(() =>
            factory.OpenAsync(Peer(epoch: "another"), CancellationToken.None)
        );

        Assert.Equal(421, refused.Status);
    }

    [Fact]
    public async Task Open_AnotherInstanceIsThere_IsNotTrusted()
    {
        using var factory = Factory(TunnelCarriage.Connection);
        factory.Connections!.Learn(Peer("A_21009"), takes: true);

        await Assert.ThrowsAsync<HttpRequestException>(() => DialAsync(factory, "A_21009"));

        await Eventually.TrueAsync(() => factory.Connections.Open == 0);
    }

    [Fact]
    public async Task Renew_OthersAreMadeAfterThat()
    {
        using var factory = Factory(TunnelCarriage.Auto);
        await MakeReadyAsync(factory);

        factory.Renew();

        Assert.Equal(0, factory.Connections!.Ready);
        await Eventually.TrueAsync(() => factory.Connections.Open == 0);
        await DialAsync(factory);
        await Eventually.TrueAsync(() => factory.Connections.Ready > 0);
    }

    [Fact]
    public async Task Review_AuthorityIsTakenBack_AreCut()
    {
        var tunnel = _authority.Tunnel("B_1") with { Carriage = TunnelCarriage.Auto };
        using var factory = Factory(tunnel);
        await MakeReadyAsync(factory);
        using var other = new TestAuthority();

        File.Copy(other.Bundle, tunnel.TrustBundle!, overwrite: true);
        factory.Review();

        await Eventually.TrueAsync(() => factory.Connections!.Open == 0);
    }

    [Fact]
    public async Task Open_PeerHasStopped_IsToldAndNothingIsReady()
    {
        using var factory = Factory(TunnelCarriage.Auto);
        await MakeReadyAsync(factory);

        await _server.StopAsync();

        await Assert.ThrowsAsync<HttpRequestException>(() => DialAsync(factory));
        Assert.Equal(0, factory.Connections!.Ready);
    }

    [Fact]
    public async Task Dispose_NothingStaysOpen()
    {
        var factory = Factory(TunnelCarriage.Auto);
        await MakeReadyAsync(factory);

        factory.Dispose();

        await Eventually.TrueAsync(() => factory.Connections!.Open == 0);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _authority.Dispose();
        _clock.Dispose();
    }

    private async Task MakeReadyAsync(TunnelConnectionFactory factory)
    {
        await DialAsync(factory);
        await DialAsync(factory);
        await Eventually.TrueAsync(() => factory.Connections!.Ready == 2);
    }

    private async Task<ChannelInstance> ServeAsync(TunnelCarriage carriage, string id = ServerId)
    {
        var config = ChannelInstance.Configure(_authority, id);
        var instance = new ChannelInstance(config with { Tunnel = config.Tunnel with { Carriage = carriage } });
        await instance.StartAsync();
        return instance;
    }

    private TunnelConnectionFactory Factory(TunnelCarriage carriage) => Factory(_authority.Tunnel("B_1") with { Carriage = carriage });

    private TunnelConnectionFactory Factory(TunnelConfig tunnel) =>
        new(
            tunnel,
            new TunnelCredentials(tunnel, TestAuthority.Group, NullLogger.Instance),
            "B_1",
            new(ByteBudget.OfProcess(), TimeProvider.System),
            dialer: new SocketConnectionFactory(_buffers, _clock, TimeProvider.System)
        );

    private TunnelEndPoint Peer(string instance = ServerId, ChannelInstance? server = null, string? epoch = null)
    {
        Assert.True(HostAndPort.TryParse((server ?? _server).Host.TunnelAddress!.ToString(), out var address));
        return new(instance, address, "none") { Epoch = epoch };
    }

    private async Task<int> DialAsync(TunnelConnectionFactory factory, string instance = ServerId, ChannelInstance? server = null)
    {
        try
        {
            await using var opened = await factory.OpenAsync(Peer(instance, server), CancellationToken.None);
            return 200;
        }
        catch (TunnelRefusedException refused)
        {
            return refused.Status;
        }
    }
}
