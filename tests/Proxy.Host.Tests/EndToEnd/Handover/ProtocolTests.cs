using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Handover;

/// <summary>What passes through a route with Mode Http.</summary>
public sealed class ProtocolTests
{
    public static TheoryData<string> Transports => OperatingSystem.IsLinux() ? ["Epoll", "Sockets"] : ["Sockets"];

    public static TheoryData<string, string> Versions
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var transport in Transports)
            {
                all.Add(transport, "1.1");
                all.Add(transport, "2.0");
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Request_OfAVersion_IsForwardedWithTheClientsAddress(string transport, string version)
    {
        await using var host = await HandoverHost.StartAsync(transport);

        Assert.Equal($"127.0.0.1 http {host.Address}", await host.GetAsync("/", Version.Parse(version)));
    }

    // Kestrel applies its defaults to endpoints that are made in code as well.
    [Theory]
    [InlineData("1.1", "Http2")]
    [InlineData("2.0", "Http1")]
    public async Task Request_OtherProtocolsByDefault_IsServed(string version, string protocols)
    {
        await using var host = await HandoverHost.StartAsync(
            "Auto",
            root: $$""" "Kestrel": { "EndpointDefaults": { "Protocols": "{{protocols}}" } }, """
        );

        Assert.Equal($"127.0.0.1 http {host.Address}", await host.GetAsync("/", Version.Parse(version)));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Request_LargeBodies_ArriveWhole(string transport, string version)
    {
        const int Length = 20_000_000;
        await using var host = await HandoverHost.StartAsync(transport);
        using var request = new HttpRequestMessage(HttpMethod.Post, host.Url("/length"))
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(new byte[Length]),
        };

        using var response = await host.Http.SendAsync(request);

        Assert.Equal(Length.ToString(CultureInfo.InvariantCulture), await response.Content.ReadAsStringAsync());
        Assert.Equal(Length, (await host.GetAsync($"/bytes/{Length}", Version.Parse(version))).Length);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Grpc_StreamInBothDirections_PassesMessageByMessageWithTheStatus(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport);
        var messages = Enumerable.Range(0, 100).Select(static number => new string('m', number * 100)).ToList();

        var (answers, status) = await GrpcEcho.CallAsync(host.Http, host.Url("/grpc/Echo"), messages).WaitAsync(Eventually.Limit);

        Assert.Equal(messages, answers);
        Assert.Equal("0", status);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task WebSocket_Messages_AreEchoedAndItCloses(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport);
        using var limit = new CancellationTokenSource(Eventually.Limit);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(host.Url("/ws", "ws"), limit.Token);
        var buffer = new byte[256 * 1024];
        foreach (var length in new[] { 1, 125, 126, 65_536, 200_000 })
        {
            var sent = new byte[length];
            Random.Shared.NextBytes(sent);

            await socket.SendAsync(sent, WebSocketMessageType.Binary, endOfMessage: true, limit.Token);
            var count = 0;
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(count), limit.Token);
                count += part.Count;
                if (part.EndOfMessage)
                {
                    break;
                }
            }

            Assert.Equal(sent, buffer[..count]);
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
        await Eventually.TrueAsync(() => host.Host.Tracker.Count == 0);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task ServerSentEvents_OneEvent_ArrivesBeforeTheNextIsThere(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport);
        using var response = await host.Http.GetAsync(host.Url("/events"), HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        Assert.Equal("data: one", await reader.ReadLineAsync());
        host.Site.Go.SetResult();

        Assert.Equal("\ndata: two\n\n", await reader.ReadToEndAsync());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task FirstBytes_Http1InTwoParts_AreServedWhereverTheyAreSplit(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport);
        foreach (var method in new[] { "GET /", "POST /length" })
        {
            var request = $"{method} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
            foreach (var split in Enumerable.Range(1, request.Length - 1))
            {
                using var client = await TcpClientSocket.ConnectAsync(host.Address);
                await client.SendAsync(request[..split]);
                await Eventually.TrueAsync(() => host.Host.Tracker.Open.Any(record => record.ClientBytes == split));
                await client.SendAsync(request[split..]);

                Assert.StartsWith("HTTP/1.1 200 OK", await client.ReadAsync(), StringComparison.Ordinal);
                await Eventually.TrueAsync(() => host.Host.Tracker.Count == 0);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task FirstBytes_PrefaceOfHttp2InTwoParts_IsServedWhereverItIsSplit(string transport)
    {
        await using var host = await HandoverHost.StartAsync(transport);
        const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0";
        foreach (var split in Enumerable.Range(1, Preface.Length - 1))
        {
            using var client = await TcpClientSocket.ConnectAsync(host.Address);
            await client.SendAsync(Preface[..split]);
            await Eventually.TrueAsync(() => host.Host.Tracker.Open.Any(record => record.ClientBytes == split));
            await client.SendAsync(Preface[split..]);

            var answer = await client.ReadAsync();

            Assert.Equal('\u0004', answer![3]); // SETTINGS (RFC 9113, 6.5)
            client.Dispose();
            await Eventually.TrueAsync(() => host.Host.Tracker.Count == 0);
        }
    }

    [RealServerFact("curl")]
    public Task Curl_Http1_IsAnswered() => AskAsync("curl", "-s", "--http1.1");

    [RealServerFact("curl")]
    public Task Curl_Http2WithoutTls_IsAnswered() => AskAsync("curl", "-s", "--http2-prior-knowledge");

    [RealServerFact("nghttp")]
    public Task Nghttp_IsAnswered() => AskAsync("nghttp");

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Ssh_BesideHttpOnOnePort_GoesToItsRoute(string transport)
    {
        using var ssh = new TcpServer("SSH-2.0-server\r\n");
        await using var site = await WebSite.StartAsync();
        await using var host = await TestHost.StartAsync(
            $$"""
            {
              "Transport": { "Kind": "{{transport}}" },
              "ReverseProxy": {
                "TcpEndpoints": { "port": { "Address": "127.0.0.1:0" } },
                "TcpRoutes": {
                  "ssh": { "Match": { "Endpoints": ["port"], "Protocols": ["Ssh"] }, "ClusterId": "ssh" },
                  "web": { "Match": { "Endpoints": ["port"], "Protocols": ["Http"] }, "Mode": "Http" }
                },
                {{HandoverHost.Http1And2(site).Replace("\"Clusters\": {", $$"""
                "Clusters": { "ssh": { "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{ssh.Port}}" } } },
                """, StringComparison.Ordinal)}}
              }
            }
            """
        );

        using var terminal = await TcpClientSocket.ConnectAsync(host.Address);
        Assert.StartsWith("SSH-2.0-server\r\n", await terminal.AskAsync("SSH-2.0-client\r\n"), StringComparison.Ordinal);
        using var http = new HttpClient();
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{host.Address}/")
            {
                Version = version,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            using var response = await http.SendAsync(request);
            Assert.Equal($"127.0.0.1 http {host.Address}", await response.Content.ReadAsStringAsync());
        }
    }

    [Theory]
    [InlineData("Required", "PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n", "192.0.2.7")]
    [InlineData("Optional", "PROXY TCP6 2001:db8::7 2001:db8::1 4711 80\r\n", "2001:db8::7")]
    [InlineData("Optional", "", "127.0.0.1")]
    [InlineData(
        "Required",
        "\r\n\r\n\0\r\nQUIT\n\u0021\u0011\0\u000c\u000a\u0001\u0002\u0003\u0007\u0008\u0009\u000a\u0001\u0000\u0000\u0050",
        "10.1.2.3"
    )]
    public async Task ProxyHeader_BeforeTheRequest_TellsTheClientsAddress(string accept, string header, string client)
    {
        var endpoint = $$""" "ProxyProtocol": { "Accept": "{{accept}}", "TrustedNetworks": ["127.0.0.0/8"] } """;
        foreach (var transport in Transports)
        {
            await using var host = await HandoverHost.StartAsync(transport, endpoint: endpoint);
            using var socket = await TcpClientSocket.ConnectAsync(host.Address);

            var answer = await socket.AskAsync($"{header}GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n");

            Assert.Contains($"{client} http shop.example.com", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ProxyHeader_Missing_IsRefused()
    {
        var endpoint = """ "ProxyProtocol": { "Accept": "Required", "TrustedNetworks": ["127.0.0.0/8"] } """;
        await using var host = await HandoverHost.StartAsync("Auto", endpoint: endpoint);
        using var socket = await TcpClientSocket.ConnectAsync(host.Address);

        Assert.Null(await socket.AskAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    }

    private static async Task AskAsync(string program, params string[] options)
    {
        await using var host = await HandoverHost.StartAsync("Auto");

        var answer = await Programs.RunAsync(program, "", [.. options, host.Url().ToString()]);

        Assert.Contains($"127.0.0.1 http {host.Address}", answer, StringComparison.Ordinal);
    }
}
