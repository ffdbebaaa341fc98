using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;
using Proxy.Limits;

namespace Proxy.Core.Tests.Channels.Tunnel;

public sealed class TunnelConnectionFactoryTests : IAsyncLifetime
{
    private readonly TestAuthority _authority = new();
    private ChannelInstance _server = null!;

    public Task InitializeAsync()
    {
        _server = ChannelInstance.Create(_authority, "A_20001");
        return _server.StartAsync();
    }

    [Fact]
    public async Task Connect_RightInstance_IsAnswered()
    {
        using var factory = Factory(_authority);

        var refused = await Assert.ThrowsAsync<TunnelRefusedException>(() => DialAsync(factory, "A_20001"));

        Assert.Equal((int)HttpStatusCode.NotFound, refused.Status);
    }

    [Fact]
    public async Task Connect_WrongInstanceBehindTheRightAddress_IsNotTrusted()
    {
        using var factory = Factory(_authority);

        await Assert.ThrowsAsync<HttpRequestException>(() => DialAsync(factory, "A_20002"));
    }

    [Fact]
    public async Task Connect_ServerOfAnotherAuthority_IsNotTrusted()
    {
        using var strangers = new TestAuthority();
        using var factory = Factory(strangers);

        await Assert.ThrowsAsync<HttpRequestException>(() => DialAsync(factory, "A_20001"));
    }

    [Fact]
    public async Task Connect_NameOfAnotherCase_IsAnotherInstance()
    {
        using var factory = Factory(_authority);
        await Assert.ThrowsAsync<TunnelRefusedException>(() => DialAsync(factory, "A_20001"));

        await Assert.ThrowsAsync<HttpRequestException>(() => DialAsync(factory, "a_20001"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connect_CertificateOfAnIntermediate_IsShownWithIt(bool byTheCaller)
    {
        var caller = _authority.Tunnel("B_1");
        var server = _authority.Tunnel("A_20003");
        caller = byTheCaller ? caller with { Certificate = _authority.IssueThroughAnother(TestAuthority.Uri("B_1")) } : caller;
        server = byTheCaller ? server : server with { Certificate = _authority.IssueThroughAnother(TestAuthority.Uri("A_20003")) };
        await using var instance = new ChannelInstance(ChannelInstance.Configure(_authority, "A_20003") with { Tunnel = server });
        await instance.StartAsync();
        using var factory = Factory(caller);

        var refused = await Assert.ThrowsAsync<TunnelRefusedException>(() => DialAsync(factory, "A_20003", instance));

        Assert.Equal((int)HttpStatusCode.NotFound, refused.Status);
    }

    [Fact]
    public async Task Hello_WhoeverCannotBeJoined_IsToldOnceWithTheReason()
    {
        using var log = new LogLines();
        var tunnel = _authority.Tunnel("B_1");
        using var factory = new TunnelConnectionFactory(
            tunnel,
            new TunnelCredentials(tunnel, TestAuthority.Group, NullLogger.Instance),
            "B_1",
            new TunnelPace(ByteBudget.OfProcess(), TimeProvider.System),
            log
        );
        Assert.True(HostAndPort.TryParse(_server.Host.TunnelAddress!.ToString(), out var address));
        var peer = new TunnelEndPoint("A_20002", address, "");

        await Assert.ThrowsAsync<HttpRequestException>(() => factory.HelloAsync(peer, CancellationToken.None));
        await Assert.ThrowsAsync<HttpRequestException>(() => factory.HelloAsync(peer, CancellationToken.None));

        Assert.Equal(2, log.Lines.Count);
        Assert.Equal(
            $"The instance at {_server.Host.TunnelAddress} is 'A_20001' and not 'A_20002', so the connection is closed; correct the address or the certificate.",
            log.Lines[0]
        );
        Assert.StartsWith(
            $"A_20002 at {_server.Host.TunnelAddress} does not answer and is not a member until it does; it is tried again: ",
            log.Lines[1],
            StringComparison.Ordinal
        );
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _authority.Dispose();
    }

    private static TunnelConnectionFactory Factory(TestAuthority authority) => Factory(authority.Tunnel("B_1"));

    private static TunnelConnectionFactory Factory(TunnelConfig tunnel) =>
        new(
            tunnel,
            new TunnelCredentials(tunnel, TestAuthority.Group, NullLogger.Instance),
            "B_1",
            new(ByteBudget.OfProcess(), TimeProvider.System)
        );

    private async Task DialAsync(TunnelConnectionFactory factory, string instance, ChannelInstance? server = null)
    {
        Assert.True(HostAndPort.TryParse((server ?? _server).Host.TunnelAddress!.ToString(), out var address));
        await using var tunnel = await factory.ConnectAsync(new TunnelEndPoint(instance, address, "none"));
    }
}
