using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Core.Tests.Channels;
using Proxy.Core.Tests.Channels.Tunnel;

namespace Proxy.Core.Tests.EndToEnd.Channels;

/// <summary>What comes in from programs that are not ours, by POST and by CONNECT; statuses are in <see cref="StatusTests"/>.</summary>
public sealed class ForeignClientTests : IAsyncLifetime
{
    private const int Cancel = 8;
    private static readonly TimeSpan _drain = TimeSpan.FromMinutes(1);
    private static int _ids = 9000;

    private readonly TestAuthority _authority = new();
    private readonly string _id = $"A_{Interlocked.Increment(ref _ids)}";
    private Socket _legacy = null!;
    private ChannelInstance _server = null!;
    private X509Certificate2 _certificate = null!;
    private RawHttp2 _client = null!;
    private int _port;

    public static TheoryData<string> Methods => ["POST", "CONNECT"];

    public async Task InitializeAsync()
    {
        _certificate = _authority.Create(TestAuthority.Uri("B_1"));
        _port = Ports.Free();
        await StartAsync();
        _legacy = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _legacy.Bind(new IPEndPoint(_server.Ip, _port));
        _legacy.Listen();
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Open_BytesBeforeTheAnswer_AllArrive(string method)
    {
        await OpenAsync(method, 1);
        await _client.DataAsync(1, "early"u8.ToArray(), end: true);

        using var served = await AcceptAsync();

        Assert.Equal("200", await _client.StatusAsync(1));
        Assert.Equal("early"u8.ToArray(), (await served.ReadToEndAsync()).Bytes);
        await served.SendAsync("late"u8.ToArray());
        served.Shutdown(SocketShutdown.Send);
        var (_, end, payload) = await _client.ReadAsync(1);
        Assert.Equal("late"u8.ToArray(), payload);
        if (!end)
        {
            Assert.True((await _client.ReadAsync(1)).End);
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Open_ClientEnds_ServerGoesOn(string method)
    {
        using var served = await ConnectAsync(method, 1);
        await _client.DataAsync(1, [], end: true);
        var (bytes, reset) = await served.ReadToEndAsync();
        Assert.Equal((0, false), (bytes.Length, reset));

        await served.SendAsync("on"u8.ToArray());

        Assert.Equal("on"u8.ToArray(), (await _client.ReadAsync(1)).Payload);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Open_ServerEnds_ClientGoesOn(string method)
    {
        using var served = await ConnectAsync(method, 1);
        served.Shutdown(SocketShutdown.Send);
        Assert.True((await _client.ReadAsync(1)).End);

        await _client.DataAsync(1, "on"u8.ToArray(), end: true);

        var (bytes, reset) = await served.ReadToEndAsync();
        Assert.Equal((2, false), (bytes.Length, reset));
    }

    [Theory]
    [InlineData("POST", false)]
    [InlineData("POST", true)]
    [InlineData("CONNECT", false)]
    [InlineData("CONNECT", true)]
    public async Task Open_ServerResets_StreamIsResetWithConnectError(string method, bool afterTheClientsEnd)
    {
        var served = await ConnectAsync(method, 1);
        if (afterTheClientsEnd)
        {
            await _client.DataAsync(1, [], end: true);
            Assert.False((await served.ReadToEndAsync()).Reset);
        }

        served.Close(0);

        Assert.Equal(TunnelProtocol.ConnectError, await _client.ResetCodeAsync(1));
    }

    [Theory]
    [InlineData("POST", false)]
    [InlineData("POST", true)]
    [InlineData("CONNECT", false)]
    [InlineData("CONNECT", true)]
    public async Task Open_ClientResets_ServerIsReset(string method, bool afterTheServersEnd)
    {
        using var served = await ConnectAsync(method, 1);
        if (afterTheServersEnd)
        {
            served.Shutdown(SocketShutdown.Send);
            Assert.True((await _client.ReadAsync(1)).End);
        }

        await _client.ResetAsync(1, Cancel);

        Assert.True((await served.ReadToEndAsync()).Reset);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Open_ConnectionIsLost_ServerIsResetAndOutcomeSaysSo(string method)
    {
        using var served = await ConnectAsync(method, 1);
        var record = await _server.ConnectionAsync();

        await _client.DisposeAsync();

        Assert.True((await served.ReadToEndAsync()).Reset);
        await Eventually.TrueAsync(() => record.Outcome is not null);
        Assert.Equal(Proxy.Diagnostics.ConnectionOutcome.TunnelLost, record.Outcome);
    }

    [Theory]
    [InlineData("127.0.0.1:22")]
    [InlineData("localhost:22")]
    [InlineData("A_1.ring:22")]
    [InlineData("ring.channel:22")]
    [InlineData("[::1]:22")]
    public async Task Connect_AnyOtherAuthority_404(string authority)
    {
        await _client.RequestAsync(1, end: false, (":method", "CONNECT"), (":authority", authority));

        Assert.Equal("404", await _client.StatusAsync(1));
    }

    [Theory]
    [InlineData("/.channels/v1/open/db", "404")]
    [InlineData("/.channels/v1/open/", "404")]
    [InlineData("/.channels/v1/open/ring/x", "404")]
    [InlineData("/.channels/v1/open/..%2fring", "404")]
    [InlineData("/", "404")]
    public async Task Post_AnyOtherPath_404(string path, string status)
    {
        await _client.RequestAsync(1, end: false, (":method", "POST"), (":scheme", "https"), (":authority", "x"), (":path", path));

        Assert.Equal(status, await _client.StatusAsync(1));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Open_UnreadableInstance_404(string method)
    {
        await OpenAsync(method, 1, (TunnelProtocol.To, "nonsense"));

        Assert.Equal("404", await _client.StatusAsync(1));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Allow_TurnedWhileOpen_TunnelOfOneThatIsNoMemberIsReset(string method)
    {
        using var served = await ConnectAsync(method, 1);
        var record = await _server.ConnectionAsync();

        await AllowAsync("C_*");

        Assert.True((await served.ReadToEndAsync()).Reset);
        Assert.Equal(TunnelProtocol.ConnectError, await _client.ResetCodeAsync(1));
        Assert.Equal(Proxy.Diagnostics.ConnectionOutcome.Denied, record.Outcome);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Allow_TurnedAndStillNamed_TunnelStays(string method)
    {
        using var served = await ConnectAsync(method, 1);

        await AllowAsync("C_*", "B_1");

        await served.SendAsync("on"u8.ToArray());
        Assert.Equal("on"u8.ToArray(), (await _client.ReadAsync(1)).Payload);
    }

    [Fact]
    public async Task Hello_TooManyStreamsOfOnePeer_429()
    {
        for (var stream = 1; stream < 2 * 16; stream += 2)
        {
            await HelloAsync(_client, stream);
            Assert.Equal("200", await _client.StatusAsync(stream));
        }

        await using var second = await RawHttp2.ConnectAsync(_server.Host.TunnelAddress!, _certificate);
        await HelloAsync(second, 1);
        Assert.Equal("429", await second.StatusAsync(1));

        using var certificate = _authority.Create(TestAuthority.Uri("B_2"));
        await using var other = await RawHttp2.ConnectAsync(_server.Host.TunnelAddress!, certificate);
        await HelloAsync(other, 1);
        Assert.Equal("200", await other.StatusAsync(1));

        await _client.ResetAsync(1, Cancel);
        var next = 3;
        await Eventually.TrueAsync(async () =>
        {
            await HelloAsync(second, next);
            var status = await second.StatusAsync(next);
            next += 2;
            return status == "200";
        });
    }

    [Fact]
    public async Task Connect_TooManyConnectionsOfOnePeer_AreClosed()
    {
        var clients = new List<RawHttp2>();
        await _client.RequestAsync(1, true, (":method", "GET"), (":scheme", "https"), (":authority", "x"), (":path", "/"));
        Assert.Equal("404", await _client.StatusAsync(1));
        var tunnel = _server.Config.Tunnel;
        var most = (tunnel.MaxTunnelsPerPeer / tunnel.MaxStreamsPerConnection) + 32;
        var answered = 1;
        var refused = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            foreach (var _ in Enumerable.Range(0, most * 2))
            {
                clients.Add(await RawHttp2.ConnectAsync(_server.Host.TunnelAddress!, _certificate));
                await clients[^1].RequestAsync(1, true, (":method", "GET"), (":scheme", "https"), (":authority", "x"), (":path", "/"));
                await clients[^1].StatusAsync(1);
                answered++;
            }
        });

        Assert.IsAssignableFrom<IOException>(refused);
        Assert.Equal(most, answered);
        await _client.RequestAsync(3, true, (":method", "GET"), (":scheme", "https"), (":authority", "x"), (":path", "/"));
        Assert.Equal("404", await _client.StatusAsync(3));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Open_ConnectionIsLostAfterTheClientsEnd_OutcomeSaysSo(string method)
    {
        using var served = await ConnectAsync(method, 1);
        var record = await _server.ConnectionAsync();
        await _client.DataAsync(1, [], end: true);
        Assert.False((await served.ReadToEndAsync()).Reset);

        await _client.DisposeAsync();

        await Eventually.TrueAsync(() => record.Outcome is not null);
        Assert.Equal(Proxy.Diagnostics.ConnectionOutcome.TunnelLost, record.Outcome);
    }

    [Fact]
    public async Task Post_HeadersTooLarge_TunnelsOfOthersGoOn()
    {
        await using var other = await RawHttp2.ConnectAsync(_server.Host.TunnelAddress!, _certificate);
        using var served = await ConnectAsync("POST", 1);
        var fields = Enumerable.Range(0, 4).Select(static number => ($"x-{number}", new string('a', 3_500)));

        await other.RequestAsync(1, true, [(":method", "POST"), (":scheme", "https"), (":authority", "x"), (":path", "/"), .. fields]);
        Assert.Equal("404", await other.StatusAsync(1));
        await other.RequestAsync(
            3,
            true,
            [(":method", "POST"), (":scheme", "https"), (":authority", "x"), (":path", "/" + new string('a', 16_000))]
        );

        await served.SendAsync("on"u8.ToArray());
        Assert.Equal("on"u8.ToArray(), (await _client.ReadAsync(1)).Payload);
    }

    [Fact]
    public async Task Connect_WrongCertificates_NoneIsLetIn()
    {
        using var strangers = new TestAuthority();
        using var foreign = strangers.Create(TestAuthority.Uri("B_1"));
        using var otherGroup = _authority.Create(TestAuthority.Uri("B_1", "test"));
        using var otherDomain = _authority.Create(TestAuthority.Uri("B_1", domain: "example.com"));
        using var nobody = _authority.Create();
        foreach (var certificate in (X509Certificate2?[])[foreign, otherGroup, otherDomain, nobody, null])
        {
            await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                await using var client = await RawHttp2.ConnectAsync(_server.Host.TunnelAddress!, certificate);
                await client.RequestAsync(1, false, (":method", "CONNECT"), (":authority", $"{_id}.ring.channel:{_port}"));
                await client.StatusAsync(1);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Stop_TunnelOpen_GoAwayAndItDrains(string method)
    {
        await _client.DisposeAsync();
        await _server.DisposeAsync();
        var time = new ManualTime();
        await StartAsync(time); // again: the drain lasts until this test ends it
        using var served = await ConnectAsync(method, 1);

        var stopping = _server.StopAsync();
        Assert.Equal(RawHttp2.GoAway, (await _client.ReadAsync(1)).Type);
        await served.SendAsync("on"u8.ToArray());
        Assert.Equal("on"u8.ToArray(), await ReadDataAsync(1));
        await time.AdvanceUntilAsync(_drain, () => stopping.IsCompleted);
        await stopping;

        Assert.True((await served.ReadToEndAsync()).Reset);
    }

    public async Task DisposeAsync()
    {
        _legacy.Dispose();
        await _client.DisposeAsync();
        await Eventually.TrueAsync(() => _server.Tracker.Count == 0); // the drain of one on a clock that stands still waits for ever
        await _server.DisposeAsync();
        _certificate.Dispose();
        _authority.Dispose();
    }

    private async Task StartAsync(ManualTime? time = null)
    {
        var channel = new ChannelConfig
        {
            Type = ChannelType.Duplex,
            Connector = "ring",
            Mode = DuplexMode.Connect,
            Port = _port,
            Allow = ["B_*"],
            Ready = ReadyCheck.None, // a probe would be a connection too
        };
        var config = ChannelInstance.Configure(_authority, _id, ("ring", channel));
        var tunnel = config.Tunnel with
        {
            DrainTimeout = time is null ? TimeSpan.FromSeconds(2) : _drain,
            PingDelay = TimeSpan.FromHours(1), // a client answers pings only while it is being read
        };
        _server = ChannelInstance.CreateOn(time, config with { Tunnel = tunnel });
        await _server.StartAsync();
        _client = await RawHttp2.ConnectAsync(_server.Host.TunnelAddress!, _certificate);
    }

    private async Task<byte[]> ReadDataAsync(int stream)
    {
        while (true)
        {
            var (type, _, payload) = await _client.ReadAsync(stream);
            if (type == RawHttp2.Data)
            {
                return payload;
            }
        }
    }

    private Task OpenAsync(string method, int stream, params (string, string)[] more) =>
        _client.RequestAsync(
            stream,
            end: false,
            method == "CONNECT"
                ? [(":method", method), (":authority", $"{_id}.ring.channel:{_port}"), .. more]
                : [(":method", method), (":scheme", "https"), (":authority", "x"), (":path", "/.channels/v1/open/ring"), .. more]
        );

    private static Task HelloAsync(RawHttp2 client, int stream) =>
        client.RequestAsync(
            stream,
            end: true,
            (":method", "GET"),
            (":scheme", "https"),
            (":authority", "x"),
            (":path", TunnelProtocol.HelloPath)
        );

    private Task AllowAsync(params string[] patterns) =>
        _server.UseAsync(
            _server.Config with
            {
                Items = _server.Config.Items.ToDictionary(static item => item.Key, item => item.Value with { Allow = patterns }),
            }
        );

    private Task<Socket> AcceptAsync() => _legacy.AcceptWithinAsync();

    private async Task<Socket> ConnectAsync(string method, int stream)
    {
        await OpenAsync(method, stream);
        Assert.Equal("200", await _client.StatusAsync(stream));
        return await AcceptAsync();
    }
}
