using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;

namespace Proxy.Core.Tests.Channels.Tunnel;

public sealed class TunnelPortTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _limit = new(Eventually.Limit);
    private TunnelBed _bed = null!;

    public async Task InitializeAsync()
    {
        _bed = await TunnelBed.StartAsync(static tunnel => tunnel with { Carriage = TunnelCarriage.Auto });
        _bed.Legacy.Listen();
    }

    [Fact]
    public async Task Open_Accepted_BytesFlowBothWaysAndEndsAreEnds()
    {
        await using var tls = await ConnectAsync();
        Assert.Equal("200", await OpenAsync(tls, Request()));
        using var served = await _bed.Legacy.AcceptWithinAsync();

        await tls.WriteAsync("there"u8.ToArray(), _limit.Token);
        await tls.ShutdownAsync();
        var (bytes, reset) = await served.ReadToEndAsync();
        Assert.Equal(("there", false), (Encoding.ASCII.GetString(bytes), reset));
        await served.SendAsync("back"u8.ToArray());
        served.Shutdown(SocketShutdown.Send);

        using var answer = new MemoryStream();
        await tls.CopyToAsync(answer, _limit.Token);
        Assert.Equal("back"u8.ToArray(), answer.ToArray());
        await Eventually.TrueAsync(() => _bed.Instance.Tracker.Count == 0);
    }

    [Fact]
    public async Task Open_EndWithoutCloseNotify_ServerIsReset()
    {
        var (socket, tls) = await ConnectSocketAsync();
        await using var stream = tls;
        Assert.Equal("200", await OpenAsync(tls, Request()));
        using var served = await _bed.Legacy.AcceptWithinAsync();
        await tls.WriteAsync("there"u8.ToArray(), _limit.Token);
        Assert.Equal("there", await served.ReadTextAsync("there".Length));

        socket.Shutdown(SocketShutdown.Send);

        Assert.True((await served.ReadToEndAsync()).Reset);
    }

    [Fact]
    public async Task Open_ServerResets_PeerIsResetAndSeesNoEnd()
    {
        await using var tls = await ConnectAsync();
        Assert.Equal("200", await OpenAsync(tls, Request()));
        using var served = await _bed.Legacy.AcceptWithinAsync();

        served.Close(0);

        await Assert.ThrowsAsync<IOException>(async () => await tls.ReadExactlyAsync(new byte[1], _limit.Token));
    }

    [Fact]
    public async Task Open_ServerIsDown_503WithTheReason()
    {
        _bed.Legacy.Close();
        await using var tls = await ConnectAsync();

        await tls.WriteAsync(Request().ToBytes(), _limit.Token);
        var answer = await TunnelFrame.ReadAsync(tls, _limit.Token);

        Assert.Equal(("503", "connection_refused"), (answer![TunnelField.Status], answer[TunnelField.Reason]));
    }

    [Theory]
    [InlineData("404", "other", null, null, null)]
    [InlineData("404", null, null, null, null)] // no connector
    [InlineData("421", "ring", "A_1", null, null)]
    [InlineData("421", "ring", "", "another", null)]
    [InlineData("403", "ring", "", null, "B_2")] // says that it is another one
    public async Task Open_NotAdmitted_Refused(string status, string? connector, string? instance, string? epoch, string? from)
    {
        await using var tls = await ConnectAsync();

        var answer = await OpenAsync(
            tls,
            new TunnelFrame
            {
                [TunnelField.Connector] = connector,
                [TunnelField.Instance] = instance?.Length == 0 ? _bed.Id : instance,
                [TunnelField.Epoch] = epoch,
                [TunnelField.From] = from,
                [TunnelField.Port] = $"{_bed.Port}",
            }
        );

        Assert.Equal(status, answer);
        Assert.Equal(0, await tls.ReadAsync(new byte[1], _limit.Token)); // in an orderly way
    }

    [Fact]
    public async Task Open_FrameTooLong_404()
    {
        await using var tls = await ConnectAsync();

        await tls.WriteAsync(new byte[] { 0xFF, 0xFF }, _limit.Token);

        Assert.Equal("404", (await TunnelFrame.ReadAsync(tls, _limit.Token))![TunnelField.Status]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connect_NotTrusted_IsCut(bool hasCertificate)
    {
        using var strangers = new TestAuthority();
        using var certificate = hasCertificate ? strangers.Create(TestAuthority.Uri("B_1")) : null;

        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            var (_, tls) = await ConnectSocketAsync(certificate, isAnonymous: !hasCertificate);
            await using var stream = tls;
            await OpenAsync(tls, Request());
        });

        Assert.Equal(0, _bed.Instance.Tracker.Count);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("CONNECT")]
    public async Task Open_ByHttp2OnTheSamePort_IsServed(string method)
    {
        await using var client = await _bed.ConnectAsync();

        await _bed.OpenAsync(client, method, 1);

        Assert.Equal("200", await client.StatusAsync(1));
        using var served = await _bed.Legacy.AcceptWithinAsync();
    }

    [Fact]
    public async Task Stop_ConnectionWithoutARequest_IsEnded()
    {
        await using var tls = await ConnectAsync();

        await _bed.Instance.StopAsync();

        Assert.Equal(0, await tls.ReadAsync(new byte[1], _limit.Token));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", false)]
    [InlineData("\u0016\u0003\u0001\u0000\u0005\u0001\u0000\u0000\u0001\u0000", false)]
    [InlineData("", true)]
    public async Task Connect_KestrelEndsIt_IsClosed(string bytes, bool speaksHttp2)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_bed.Address, _limit.Token);
        if (speaksHttp2)
        {
            await using var tls = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: true);
            await tls.AuthenticateAsClientAsync(Options(null, SslApplicationProtocol.Http2), _limit.Token);
            await tls.WriteAsync("no preface of HTTP/2, and long enough for one"u8.ToArray(), _limit.Token);
        }
        else
        {
            await socket.SendAsync(Encoding.Latin1.GetBytes(bytes), _limit.Token);
        }

        Assert.True(await EndsAsync(socket));
    }

    [Fact]
    public async Task Open_ByHttp2AndThePeerLeaves_ConnectionIsClosedHereToo()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_bed.Address, _limit.Token);
        await using var tls = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: true);
        await tls.AuthenticateAsClientAsync(Options(null, SslApplicationProtocol.Http2), _limit.Token);
        await tls.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0"u8.ToArray(), _limit.Token);

        socket.Shutdown(SocketShutdown.Send);

        Assert.True(await EndsAsync(socket));
    }

    public async Task DisposeAsync()
    {
        await _bed.DisposeAsync();
        _limit.Dispose();
    }

    private TunnelFrame Request() =>
        new()
        {
            [TunnelField.Connector] = "ring",
            [TunnelField.Instance] = _bed.Id,
            [TunnelField.From] = "B_1",
            [TunnelField.Port] = $"{_bed.Port}",
        };

    private async Task<string?> OpenAsync(Stream stream, TunnelFrame request)
    {
        await stream.WriteAsync(request.ToBytes(), _limit.Token);
        return (await TunnelFrame.ReadAsync(stream, _limit.Token))?[TunnelField.Status];
    }

    private async Task<SslStream> ConnectAsync() => (await ConnectSocketAsync()).Stream;

    private async Task<(Socket Socket, SslStream Stream)> ConnectSocketAsync(X509Certificate2? certificate = null, bool isAnonymous = false)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_bed.Address);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        var options = Options(certificate, new SslApplicationProtocol(TunnelProtocol.ConnectionProtocol));
        if (isAnonymous)
        {
            options.ClientCertificateContext = null;
        }

        await tls.AuthenticateAsClientAsync(options, _limit.Token);
        return (socket, tls);
    }

    private SslClientAuthenticationOptions Options(X509Certificate2? certificate, SslApplicationProtocol protocol) =>
        new()
        {
            TargetHost = "any",
            ApplicationProtocols = [protocol],
            ClientCertificateContext = SslStreamCertificateContext.Create(certificate ?? _bed.Certificate, null, offline: true),
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
        };

    // Whether the other side has ended the connection, in whatever way.
    private async Task<bool> EndsAsync(Socket socket)
    {
        try
        {
            while (await socket.ReceiveAsync(new byte[1024], _limit.Token) > 0) { }
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode == SocketError.ConnectionReset;
        }

        return true;
    }
}
