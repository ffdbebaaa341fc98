using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels.Tunnel;
using Proxy.Configuration;

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

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _authority.Dispose();
    }

    private static TunnelConnectionFactory Factory(TestAuthority authority)
    {
        var tunnel = authority.Tunnel("B_1");
        return new(tunnel, new TunnelCredentials(tunnel, TestAuthority.Group, NullLogger.Instance), "B_1");
    }

    private async Task DialAsync(TunnelConnectionFactory factory, string instance)
    {
        Assert.True(HostAndPort.TryParse(_server.Host.TunnelAddress!.ToString(), out var address));
        await using var tunnel = await factory.ConnectAsync(new TunnelEndPoint(instance, address, "none"));
    }
}
