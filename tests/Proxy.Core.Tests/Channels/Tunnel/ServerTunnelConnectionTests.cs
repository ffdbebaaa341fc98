using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Proxy.Channels.Tunnel;

namespace Proxy.Core.Tests.Channels.Tunnel;

/// <summary>An operator or a drain may close a tunnel at the moment at which its request ends. Kestrel uses the request's objects for another one then.</summary>
public sealed class ServerTunnelConnectionTests
{
    private readonly DefaultHttpContext _context = new();

    [Fact]
    public void Abort_WhileItsRequestRuns_ResetsItsStreamOnce()
    {
        var stream = Serve();
        var tunnel = Tunnel();

        tunnel.Abort(new ConnectionAbortedException());
        tunnel.Abort(new ConnectionAbortedException());

        Assert.Equal([TunnelProtocol.ConnectError], stream.Resets);
    }

    [Fact]
    public async Task Abort_AfterItsRequestHasEnded_DoesNothing()
    {
        var tunnel = Tunnel();
        await tunnel.DisposeAsync();
        _context.Uninitialize();

        tunnel.Abort(new ConnectionAbortedException());

        Assert.True(tunnel.IsGone);
    }

    [Fact]
    public async Task Abort_ItsContextServesAnotherRequest_ThatOneIsNotReset()
    {
        var tunnel = Tunnel();
        await tunnel.DisposeAsync();
        _context.Uninitialize();
        var another = Serve();

        tunnel.Abort(new ConnectionAbortedException());

        Assert.Empty(another.Resets);
    }

    private ServerTunnelConnection Tunnel() =>
        new(_context, new TunnelRequest("ring", null, null, null), new TunnelPeer(new FakeConnection(), null, null), "B_1");

    private RecordingStream Serve()
    {
        var stream = new RecordingStream();
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature());
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResetFeature>(stream);
        _context.Initialize(features);
        return stream;
    }

    private sealed class RecordingStream : IHttpResetFeature
    {
        public List<int> Resets { get; } = [];

        public void Reset(int errorCode) => Resets.Add(errorCode);
    }
}
