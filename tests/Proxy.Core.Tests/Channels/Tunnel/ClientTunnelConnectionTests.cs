using Proxy.Channels.Tunnel;
using Proxy.Limits;

namespace Proxy.Core.Tests.Channels.Tunnel;

public sealed class ClientTunnelConnectionTests
{
    [Fact]
    public async Task DisposeAsync_WhileAnAbortHasBegun_TheAbortCanStillCancel()
    {
        using var response = new HttpResponseMessage();
        using var content = new TunnelContent();
        using var lifetime = new CancellationTokenSource();
        using var memory = new TunnelMemory(new ByteBudget(1_000_000));
        var tunnel = new ClientTunnelConnection(response, content, Stream.Null, Stream.Null, memory, lifetime);
        await tunnel.EndOutputAsync();

        await tunnel.DisposeAsync();

        await lifetime.CancelAsync(); // as the abort does after what it has begun with
        Assert.True(tunnel.ConnectionClosed.IsCancellationRequested);
    }
}
