using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Proxy.Channels.Tunnel;

namespace Proxy.Core.Tests.Channels.Tunnel;

public sealed class ServerTunnelConnectionTests
{
    private readonly DefaultHttpContext _context = new();
    private readonly ResetFeature _resets = new();

    [Fact]
    public void Abort_Twice_ResetsTheStreamOnce()
    {
        var tunnel = Tunnel();

        tunnel.Abort(new ConnectionAbortedException());
        tunnel.Abort(new ConnectionAbortedException());

        Assert.Equal([TunnelProtocol.ConnectError], _resets.Codes);
    }

    [Fact]
    public async Task Abort_ItsRequestIsOver_TouchesNothing()
    {
        var tunnel = Tunnel();
        await tunnel.DisposeAsync();
        _context.Uninitialize(); // as the server does before it uses the parts for the next request

        tunnel.Abort(new ConnectionAbortedException());

        Assert.Empty(_resets.Codes);
    }

    private ServerTunnelConnection Tunnel()
    {
        _context.Features.Set<IHttpResetFeature>(_resets);
        var peer = new TunnelPeer(new DefaultConnectionContext("peer"), certificate: null, identity: null);
        return new(_context, new TunnelRequest("db", null, null, null), peer, "A_1");
    }

    private sealed class ResetFeature : IHttpResetFeature
    {
        public List<int> Codes { get; } = [];

        public void Reset(int errorCode) => Codes.Add(errorCode);
    }
}
