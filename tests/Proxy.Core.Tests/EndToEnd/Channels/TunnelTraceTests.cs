using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Core.Tests.Channels;
using Proxy.Core.Tests.Channels.Tunnel;
using Proxy.Core.Tests.Diagnostics;

namespace Proxy.Core.Tests.EndToEnd.Channels;

/// <summary>Traces of callers go on at the serving side. Alone, because a listener for spans hears every connection of the process.</summary>
[Collection(Alone.Name)]
public sealed class TunnelTraceTests : IAsyncLifetime
{
    private const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private readonly TestAuthority _authority = new();
    private readonly SpanListener _spans = new();
    private readonly SpanListener _hosting = new(source: "Microsoft.AspNetCore");
    private Socket _legacy = null!;
    private ChannelInstance _server = null!;
    private X509Certificate2 _certificate = null!;
    private RawHttp2 _client = null!;
    private int _port;

    public async Task InitializeAsync()
    {
        _certificate = _authority.Create(TestAuthority.Uri("B_1"));
        _port = Ports.Free();

        var channel = new ChannelConfig
        {
            Type = ChannelType.Duplex,
            Connector = "ring",
            Mode = DuplexMode.Connect,
            Port = _port,
            Allow = ["B_*"],
            Ready = ReadyCheck.None, // a probe would be a connection too
        };
        _server = ChannelInstance.Create(_authority, "A_20011", ("ring", channel));
        _legacy = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _legacy.Bind(new IPEndPoint(_server.Ip, _port));
        _legacy.Listen();
        await _server.StartAsync();
        _client = await RawHttp2.ConnectAsync(_server.Host.TunnelAddress!, _certificate);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("CONNECT")]
    public async Task Open_TraceParent_SpanIsItsChildAndHasTheEvents(string method)
    {
        var span = await RunAsync(method, (TunnelProtocol.Trace, Parent));

        Assert.Equal("0af7651916cd43dd8448eb211c80319c", span.TraceId.ToHexString());
        Assert.Equal("b7ad6b7169203331", span.ParentSpanId.ToHexString());
        Assert.Equal(["proxy.dial", "proxy.relay"], span.Events.Select(static happened => happened.Name));
        Assert.Equal("B_1", span.GetTagItem("proxy.destination_id"));
        Assert.Empty(_hosting.Ended);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [InlineData("")]
    public async Task Open_MalformedTraceParent_IsServedInATraceOfItsOwn(string value)
    {
        var span = await RunAsync("POST", (TunnelProtocol.Trace, value));

        Assert.Null(span.ParentId);
    }

    [Fact]
    public async Task Open_TwoOrOversizedTraceParents_IsServedInATraceOfItsOwn()
    {
        Assert.Null((await RunAsync("POST", (TunnelProtocol.Trace, Parent), (TunnelProtocol.Trace, Parent))).ParentId);
        Assert.Null((await RunAsync("POST", (TunnelProtocol.Trace, Parent + new string('0', 3000)))).ParentId);
    }

    public async Task DisposeAsync()
    {
        _legacy.Dispose();
        await _client.DisposeAsync();
        await _server.DisposeAsync();
        _certificate.Dispose();
        _authority.Dispose();
        _hosting.Dispose();
        _spans.Dispose();
    }

    private int _stream = -1;

    /// <summary>One tunnel from its start to its end.</summary>
    private async Task<Activity> RunAsync(string method, params (string, string)[] more)
    {
        var before = _spans.Ended.Count;
        _stream += 2;
        await _client.RequestAsync(
            _stream,
            end: false,
            method == "CONNECT"
                ? [(":method", method), (":authority", $"A_20011.ring.channel:{_port}"), .. more]
                : [(":method", method), (":scheme", "https"), (":authority", "x"), (":path", "/.channels/v1/open/ring"), .. more]
        );
        Assert.Equal("200", await _client.StatusAsync(_stream));
        using var served = await _legacy.AcceptWithinAsync();
        await _client.DataAsync(_stream, "x"u8.ToArray(), end: false);
        Assert.Equal("x", await served.ReadTextAsync(1)); // the client got its answer before the server relays, and may reset before that
        await _client.ResetAsync(_stream, TunnelProtocol.Cancel);
        await Eventually.TrueAsync(() => _spans.Ended.Count > before);
        return _spans.Ended[before];
    }
}
