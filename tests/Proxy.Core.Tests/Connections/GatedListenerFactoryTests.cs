using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;

namespace Proxy.Core.Tests.Connections;

public sealed class GatedListenerFactoryTests
{
    private static readonly IPEndPoint _address = new(IPAddress.Loopback, 7);

    [Fact]
    public async Task BindAsync_Listener_IsGated()
    {
        using var log = new LogLines();
        var factory = new GatedListenerFactory(new Factory(), log);

        await using var listener = Assert.IsType<GatedListener>(await factory.BindAsync(_address));

        Assert.Equal(_address, listener.EndPoint);
    }

    [Fact]
    public void CanBind_IsThatOfTheInnerFactory()
    {
        using var log = new LogLines();

        Assert.True(new GatedListenerFactory(new Factory(), log).CanBind(_address));
        Assert.False(new GatedListenerFactory(new UnixOnly(), log).CanBind(_address));
        Assert.True(new GatedListenerFactory(new UnixOnly(), log).CanBind(new System.Net.Sockets.UnixDomainSocketEndPoint("/a")));
    }

    private class Factory : IConnectionListenerFactory
    {
        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
            new(new Listener(endpoint));
    }

    private sealed class UnixOnly : Factory, IConnectionListenerFactorySelector
    {
        public bool CanBind(EndPoint endpoint) => endpoint is System.Net.Sockets.UnixDomainSocketEndPoint;
    }

    private sealed class Listener(EndPoint endPoint) : IConnectionListener
    {
        public EndPoint EndPoint => endPoint;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => new((ConnectionContext?)null);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
