using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.Connections;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Core.Tests.Peeking;
using Proxy.Diagnostics;
using Proxy.ProxyProtocol;

namespace Proxy.Core.Tests.ProxyProtocol;

public sealed class ProxyProtocolMiddlewareTests
{
    private const string Line = "PROXY TCP4 192.0.2.1 198.51.100.2 1000 443\r\n";
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(7);

    public static TheoryData<string> Transports => [Multiplexer.Portable, Multiplexer.Loops];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_Header_ClientIsThatOfTheHeaderAndNothingOfItGoesOn(string transport)
    {
        await using var edge = await Edge.StartAsync(transport, "Required");
        using var client = await edge.ConnectAsync();
        await client.SendAsync(HeaderBytes.Four(HeaderBytes.Tlv(2, "name\u001b[31m")));
        await client.SendAsync("hello"u8.ToArray());

        using var server = await edge.Server.AcceptWithinAsync();
        Assert.Equal("hello", await server.ReadTextAsync(5));
        var record = edge.Record();
        Assert.Equal(("192.0.2.1:1000", "198.51.100.2:443"), ($"{record.Client}", $"{record.Local}"));
        Assert.Equal(($"{client.LocalEndPoint}", "v2", "name\u001b[31m"), ($"{record.Peer}", record.ProxyHeader, record.ProxyAuthority));
        await Eventually.TrueAsync(() => record.ClientBytes == 5); // counted once they are sent on
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_PassTlvs_ServerGetsThoseThatAreNamed(string transport)
    {
        const string Send = "V2\", \"PassTlvs\": [\"0xEA\", \"0x05\"], \"ConnectTimeout\": \"00:00:05";
        await using var edge = await Edge.StartAsync(transport, "Required", send: Send);
        using var client = await edge.ConnectAsync();
        await client.SendAsync(
            HeaderBytes.Four([
                .. HeaderBytes.Tlv(5, "their id"),
                .. HeaderBytes.Tlv(0xEA, "\u0001vpce-1"),
                .. HeaderBytes.Tlv(0xE0, "secret"),
            ])
        );

        using var server = await edge.Server.AcceptWithinAsync();
        var received = new byte[16 + 12 + 3 + 8 + 3 + 7];
        await using var stream = new NetworkStream(server, ownsSocket: false);
        await stream.ReadExactlyAsync(received).AsTask().WaitAsync(Eventually.Limit);
        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeaderReader.Read(received, out var header, out _));
        Assert.Equal(
            ("192.0.2.1:1000", "their id", "vpce-1", 2),
            ($"{header!.Source}", Encoding.ASCII.GetString(header.UniqueId.Span), header.AwsVpcEndpointId, header.Tlvs.Count)
        );
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_HeaderByteByByte_Taken(string transport)
    {
        await using var edge = await Edge.StartAsync(transport, "Required");
        using var client = await edge.ConnectAsync();
        foreach (var value in HeaderBytes.Four(HeaderBytes.Tlv(5, "id")))
        {
            await client.SendAsync((byte[])[value]);
        }

        await client.SendAsync("hello"u8.ToArray());

        using var server = await edge.Server.AcceptWithinAsync();
        Assert.Equal("hello", await server.ReadTextAsync(5));
        Assert.Equal("192.0.2.1:1000", $"{edge.Record().Client}");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_HeaderBeforeAHello_RoutedByNetworkAndName(string transport)
    {
        await using var edge = await Edge.StartAsync(
            transport,
            "Required",
            match: ", \"SourceNetworks\": [\"192.0.2.0/24\"], \"ServerNames\": [\"mail.example.com\"]"
        );
        using var client = await edge.ConnectAsync();
        await client.SendAsync((byte[])[.. Encoding.ASCII.GetBytes(Line), .. Hellos.OpenSsl]);

        using var server = await edge.Server.AcceptWithinAsync();
        Assert.Equal(Encoding.Latin1.GetString(Hellos.OpenSsl).Length, (await ReadAsync(server, Hellos.OpenSsl.Length)).Length);
        Assert.Equal("mail.example.com", edge.Record().ServerName);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_SecondHeader_IsPayload(string transport)
    {
        await using var edge = await Edge.StartAsync(transport, "Required");
        using var client = await edge.ConnectAsync();
        await client.SendAsync(Encoding.ASCII.GetBytes(Line + Line));

        using var server = await edge.Server.AcceptWithinAsync();
        Assert.Equal(Line, await server.ReadTextAsync(Line.Length));
    }

    [Theory]
    [InlineData(Multiplexer.Portable, "Required", "127.0.0.0/8", "GET / HTTP/1.1\r\n")]
    [InlineData(Multiplexer.Loops, "Required", "127.0.0.0/8", "GET / HTTP/1.1\r\n")]
    [InlineData(Multiplexer.Portable, "Required", "127.0.0.0/8", "PROXY TCP4 1 2 3 4\r\n")]
    [InlineData(Multiplexer.Loops, "Optional", "127.0.0.0/8", "PROXY TCP4 1 2 3 4\r\n")]
    [InlineData(Multiplexer.Portable, "Required", "10.0.0.0/8", Line)]
    [InlineData(Multiplexer.Loops, "Required", "10.0.0.0/8", Line)]
    [InlineData(Multiplexer.Portable, "Optional", "10.0.0.0/8", Line)]
    [InlineData(Multiplexer.Loops, "Optional", "10.0.0.0/8", Line)]
    public async Task OnConnection_WrongMissingOrUntrustedHeader_Reset(string transport, string accept, string trusted, string sent)
    {
        await using var edge = await Edge.StartAsync(transport, accept, trusted: trusted);

        Assert.True(
            await Loopback.IsResetAsync(async () =>
            {
                var client = await edge.ConnectAsync();
                await client.SendAsync(Encoding.ASCII.GetBytes(sent));
                return client;
            })
        );
        Assert.False(edge.Server.Poll(0, SelectMode.SelectRead), "Nothing is dialed.");
        await edge.NothingIsHeldAsync();
    }

    [Theory]
    [InlineData(Multiplexer.Portable, "127.0.0.0/8")]
    [InlineData(Multiplexer.Loops, "127.0.0.0/8")]
    [InlineData(Multiplexer.Loops, "10.0.0.0/8")]
    public async Task OnConnection_OptionalAndNone_TakenWithItsOwnAddress(string transport, string trusted)
    {
        await using var edge = await Edge.StartAsync(transport, "Optional", trusted: trusted);
        using var client = await edge.ConnectAsync();
        await client.SendAsync("PROXIMA"u8.ToArray());

        using var server = await edge.Server.AcceptWithinAsync();
        Assert.Equal("PROXIMA", await server.ReadTextAsync(7));
        Assert.Equal($"{client.LocalEndPoint}", $"{edge.Record().Client}");
        Assert.Null(edge.Record().Peer);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_HeaderThatStopsAnywhere_ResetAfterTheTotalTime(string transport)
    {
        var time = new ManualTime();
        await using var edge = await Edge.StartAsync(transport, "Required", time: time);
        var header = HeaderBytes.Four();
        foreach (var length in (int[])[0, 1, 12, 15, 16, header.Length - 1])
        {
            using var client = await edge.ConnectAsync();
            await time.WaitForTimerAsync(_timeout);
            await client.SendAsync(header.AsMemory(0, length));
            var record = edge.Record();

            time.Advance(_timeout);

            Assert.True((await client.ReadToEndAsync()).Reset);
            Assert.Equal(ConnectionOutcome.InvalidProxyHeader, record.Outcome);
            await Eventually.TrueAsync(() => edge.Records.Count == 0);
        }

        await edge.NothingIsHeldAsync();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_OptionalAndSilent_TakenAfterTheTime(string transport)
    {
        var time = new ManualTime();
        await using var edge = await Edge.StartAsync(transport, "Optional", time: time);
        using var client = await edge.ConnectAsync();
        await time.WaitForTimerAsync(_timeout);

        time.Advance(_timeout);

        using var server = await edge.Server.AcceptWithinAsync();
        await server.SendAsync("220 mail\r\n"u8.ToArray());
        Assert.Equal("220 mail\r\n", await client.ReadTextAsync(10));
    }

    [Theory]
    [InlineData(Multiplexer.Portable, "V1")]
    [InlineData(Multiplexer.Loops, "V1")]
    [InlineData(Multiplexer.Portable, "V2")]
    [InlineData(Multiplexer.Loops, "V2")]
    public async Task OnConnection_HeadersInAndOut_ClientIsKept(string transport, string version)
    {
        await using var edge = await Edge.StartAsync(transport, "Required", send: version);
        using var client = await edge.ConnectAsync();
        await client.SendAsync(Encoding.ASCII.GetBytes(Line + "hello"));

        using var server = await edge.Server.AcceptWithinAsync();
        var received = await ReadUntilAsync(server, "hello");

        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeaderReader.Read(received, out var header, out var length));
        Assert.Equal("hello"u8, received.AsSpan(length));
        Assert.Equal(("192.0.2.1:1000", "198.51.100.2:443"), ($"{header!.Source}", $"{header.Destination}"));
        Assert.Equal(version == "V2" ? edge.Record().Id : "", Encoding.ASCII.GetString(header.UniqueId.Span));
        await Eventually.TrueAsync(() => edge.Record().ClientBytes == 5); // counted once they are sent on
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_ServerSpeaksFirstAndHeadersOut_HeaderIsThereBeforeTheClientSays(string transport)
    {
        await using var edge = await Edge.StartAsync(transport, "Off", send: "V1");
        using var client = await edge.ConnectAsync();

        using var server = await edge.Server.AcceptWithinAsync();
        var line = Encoding.ASCII.GetString(await ReadUntilAsync(server, "\r\n"));
        await server.SendAsync("220 mail\r\n"u8.ToArray());

        Assert.Equal($"PROXY TCP4 127.0.0.1 127.0.0.1 {((IPEndPoint)client.LocalEndPoint!).Port} {edge.Port}\r\n", line);
        Assert.Equal("220 mail\r\n", await client.ReadTextAsync(10));
    }

    private static async Task<byte[]> ReadAsync(Socket socket, int length)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var bytes = new byte[length];
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        await stream.ReadExactlyAsync(bytes, limit.Token);
        return bytes;
    }

    private static async Task<byte[]> ReadUntilAsync(Socket socket, string end)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var bytes = new List<byte>();
        var buffer = new byte[1];
        while (!Encoding.Latin1.GetString([.. bytes]).EndsWith(end, StringComparison.Ordinal))
        {
            Assert.Equal(1, await socket.ReceiveAsync(buffer, limit.Token));
            bytes.Add(buffer[0]);
        }

        return [.. bytes];
    }

    /// <summary>A route with one destination, on an endpoint that accepts headers.</summary>
    private sealed class Edge : IAsyncDisposable
    {
        private readonly Multiplexer _proxy;

        private Edge(string transport, ManualTime? time) => _proxy = new Multiplexer(transport, time);

        public Socket Server { get; } = Loopback.Listen();

        public int Port => _proxy.Address().Port;

        public IReadOnlyList<ConnectionRecord> Records => [.. _proxy.Tracker.Open];

        public static async Task<Edge> StartAsync(
            string transport,
            string accept,
            string trusted = "127.0.0.0/8",
            string send = "None",
            string match = "",
            ManualTime? time = null
        )
        {
            var edge = new Edge(transport, time);
            var networks = accept == "Off" ? "" : $", \"TrustedNetworks\": [\"{trusted}\"]";
            await edge._proxy.EditAsync(
                $$"""
                { "ReverseProxy": {
                    "TcpEndpoints": {
                      "edge": { "Address": "127.0.0.1:0", "ProxyProtocol": { "Accept": "{{accept}}", "Timeout": "00:00:07" {{networks}} } } },
                    "TcpRoutes": { "r": { "ClusterId": "c", "Match": { "Endpoints": ["edge"] {{match}} } } },
                    "Clusters": { "c": {
                      "Tcp": { "SendProxyProtocol": "{{send}}" },
                      "Destinations": { "d": { "Address": "{{edge.Server.Address()}}" } } } } } }
                """
            );
            return edge;
        }

        public async Task<Socket> ConnectAsync()
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(_proxy.Address());
            return socket;
        }

        public ConnectionRecord Record() => Assert.Single(Records);

        public Task NothingIsHeldAsync() => Eventually.TrueAsync(() => _proxy.Service<BufferPool>().Outstanding == 0);

        public async ValueTask DisposeAsync()
        {
            await _proxy.DisposeAsync();
            Server.Dispose();
        }
    }
}
