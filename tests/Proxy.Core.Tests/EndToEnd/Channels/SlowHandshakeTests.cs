using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Proxy.Channels.Tunnel;
using Proxy.Core.Tests.Channels.Tunnel;

namespace Proxy.Core.Tests.EndToEnd.Channels;

/// <summary>Peers that begin and do not go on: they are dropped, there are never many, and nobody waits for them.</summary>
public sealed class SlowHandshakeTests
{
    private const int Many = 20;
    private const byte Headers = RawHttp2.Headers;

    [Theory]
    [InlineData("")]
    [InlineData("\u0016\u0003\u0001")] // the beginning of a TLS record
    public async Task Tls_NeverFinished_IsClosedAndOthersAreServed(string bytes)
    {
        await using var bed = await StartAsync();
        var slow = new List<Socket>();
        for (var number = 0; number < Many; number++)
        {
            slow.Add(await DialAsync(bed.Address, IPAddress.Loopback));
            await slow[^1].SendAsync(Encoding.Latin1.GetBytes(bytes));
        }

        await ServedAsync(bed);
        foreach (var socket in slow)
        {
            using (socket)
            {
                await socket.ReadToEndAsync();
            }
        }

        await ServedAsync(bed);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("half a preface")]
    [InlineData("another protocol")]
    [InlineData("no settings")]
    [InlineData("half a frame")]
    [InlineData("half a header block")]
    public async Task Http2_NeverFinished_IsClosedAndOthersAreServed(string stage)
    {
        await using var bed = await StartAsync();
        var slow = new List<RawHttp2>();
        for (var number = 0; number < Many; number++)
        {
            slow.Add(await RawHttp2.SecureAsync(bed.Address, bed.Certificate));
            await BeginAsync(slow[^1], stage);
        }

        await ServedAsync(bed);
        foreach (var peer in slow)
        {
            await peer.ReadToCloseAsync();
            await peer.DisposeAsync();
        }

        await ServedAsync(bed);
    }

    [Fact]
    public async Task Handshakes_TooManyOfOneAddress_OneIsDroppedAndOtherAddressesServed()
    {
        await using var bed = await TunnelBed.StartAsync(static tunnel =>
            tunnel with
            {
                Url = $"https://{IPAddress.Any}:0",
                ConnectTimeout = TimeSpan.FromHours(1), // it drops nobody here
            }
        );
        bed.Legacy.Listen();
        var address = new IPEndPoint(IPAddress.Loopback, bed.Address.Port);
        var slow = new List<Socket?>();
        for (var number = 0; number <= TunnelGreeting.MostPerAddress; number++)
        {
            slow.Add(await TryDialAsync(address, IPAddress.Loopback));
        }

        // Not the last, necessarily: they are accepted side by side. The server speaks second, so only an end can be read.
        await Eventually.TrueAsync(() => slow.Exists(IsDropped));
        Assert.Single(slow, IsDropped);
        await using var other = await RawHttp2.ConnectAsync(address, bed.Certificate, IPAddress.Parse("127.99.0.1"));
        await ServedAsync(bed, other);
        slow.ForEach(static socket => socket?.Dispose());
        await using var again = await EventuallyAsync(address, bed);
        await ServedAsync(bed, again);
    }

    [Fact]
    public async Task Handshakes_FloodFromTheAddressOfAPeer_PeerIsServed()
    {
        await using var bed = await TunnelBed.StartAsync(static tunnel => tunnel with { ConnectTimeout = TimeSpan.FromHours(1) });
        bed.Legacy.Listen();
        var slow = new List<Socket?>();
        // One more than there are places: the peer may have its place, and leave it, before all of them have come to theirs.
        for (var number = 0; number <= TunnelGreeting.MostPerAddress; number++)
        {
            slow.Add(await TryDialAsync(bed.Address, IPAddress.Loopback));
        }

        await ServedAsync(bed); // from the same address

        await Eventually.TrueAsync(() => slow.Exists(IsDropped));
        slow.ForEach(static socket => socket?.Dispose());
    }

    // Waited for in full, and yet enough for those that are to be served on a busy machine.
    private static Task<TunnelBed> StartAsync() =>
        TunnelBed.StartAsync(static tunnel =>
            tunnel with
            {
                ConnectTimeout = TimeSpan.FromSeconds(8),
                PingDelay = TimeSpan.FromSeconds(1),
                PingTimeout = TimeSpan.FromSeconds(5),
            }
        );

    private static Task BeginAsync(RawHttp2 peer, string stage) =>
        stage switch
        {
            "nothing" => Task.CompletedTask,
            "half a preface" => peer.RawAsync(RawHttp2.Preface[..12].ToArray()),
            "another protocol" => peer.RawAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray()),
            "no settings" => peer.RawAsync(RawHttp2.Preface.ToArray()),
            "half a frame" => AfterGreetingAsync(peer, [0, 1, 0, Headers, 5, 0, 0, 0, 1, 0, 7]),
            _ => AfterGreetingAsync(peer, [0, 0, 1, Headers, 0, 0, 0, 0, 1, 0x83]), // END_HEADERS is missing
        };

    private static async Task AfterGreetingAsync(RawHttp2 peer, byte[] bytes)
    {
        await peer.GreetAsync();
        await peer.RawAsync(bytes);
    }

    private static bool IsDropped(Socket? socket) => socket?.Poll(0, SelectMode.SelectRead) != false;

    private static async Task<Socket> DialAsync(IPEndPoint address, IPAddress from)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(from, 0));
        await socket.ConnectAsync(address);
        return socket;
    }

    // Nothing where it was dropped so soon that connecting tells of it.
    private static async Task<Socket?> TryDialAsync(IPEndPoint address, IPAddress from)
    {
        try
        {
            return await DialAsync(address, from);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return null;
        }
    }

    // Whether a place is free again is the server's to notice.
    private static async Task<RawHttp2> EventuallyAsync(IPEndPoint address, TunnelBed bed)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (true)
        {
            try
            {
                return await RawHttp2.ConnectAsync(address, bed.Certificate);
            }
            catch (Exception exception) when (exception is IOException or AuthenticationException)
            {
                limit.Token.ThrowIfCancellationRequested();
            }
        }
    }

    private static async Task ServedAsync(TunnelBed bed)
    {
        await using var client = await bed.ConnectAsync();
        await ServedAsync(bed, client);
    }

    private static async Task ServedAsync(TunnelBed bed, RawHttp2 client)
    {
        bed.Legacy.Listen();
        await bed.OpenAsync(client, "POST", 1);
        Assert.Equal("200", await client.StatusAsync(1));
        using var served = await bed.Legacy.AcceptWithinAsync();
        await served.SendAsync("on"u8.ToArray());
        Assert.Equal("on"u8.ToArray(), (await client.ReadAsync(1)).Payload);
    }
}
