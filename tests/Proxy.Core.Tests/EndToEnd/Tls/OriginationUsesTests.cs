using System.Net.Sockets;
using System.Text;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Core.Tests.Tls.Origination;
using Proxy.Diagnostics;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Proxy.Core.Tests.EndToEnd.Tls;

/// <summary>TLS with destinations of locks, multiplexers and active checks, and after PostgreSQL's question.</summary>
public sealed class OriginationUsesTests : IDisposable
{
    private const string AskForTls = "\0\0\0\u0008\u0004\u00d2\u0016/";
    private readonly ServerAuthority _authority = new();

    public static TheoryData<string> Transports => [Multiplexer.Portable, Multiplexer.Loops];

    private string Trust => $"\"CertificateAuthority\": {_authority.Json}";

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Lock_WaitsForThePortInClearAndForwardsWithinTls(string transport)
    {
        using var server = new TlsServer(_authority.Issue());
        await using var proxy = await TlsRoute.StartWithAsync(
            transport,
            Trust,
            "",
            "\"Mode\": \"Lock\", \"Lock\": { \"OnActivate\": [ { \"WaitForPort\": \"Open\" } ] }",
            $"tcp://localhost:{server.Port}"
        );

        Assert.Equal("ping", await proxy.AskAsync("ping"));
        Assert.Equal(2, server.Connections);
        Assert.Single(server.Sessions);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Multiplex_SharedConnection_WithinTlsAndRenewedByAnEditOfTls(string transport)
    {
        using var server = new TlsServer(_authority.Issue("localhost", "other.test"));
        await using var proxy = new Multiplexer(transport);
        await proxy.EditAsync(Multiplexed(server.Port, Trust));
        using var first = await ConnectAsync(proxy);
        using var second = await ConnectAsync(proxy);
        for (var i = 0; i < 20; i++)
        {
            var line = $"{i} {new string('x', i * 500)}\n";
            await first.SendAsync(Encoding.ASCII.GetBytes("a" + line));
            await second.SendAsync(Encoding.ASCII.GetBytes("b" + line));
            Assert.Equal("a" + line, await first.ReadTextAsync(line.Length + 1));
            Assert.Equal("b" + line, await second.ReadTextAsync(line.Length + 1));
        }

        Assert.Equal((1, "localhost"), (server.Connections, (await server.SessionAsync()).Name));

        await proxy.EditAsync(Multiplexed(server.Port, Trust));
        await first.SendAsync("same\n"u8.ToArray());
        Assert.Equal("same\n", await first.ReadTextAsync(5));
        Assert.Equal(1, server.Connections);

        await proxy.EditAsync(Multiplexed(server.Port, $"{Trust}, \"ServerName\": \"other.test\""));
        await first.SendAsync("edited\n"u8.ToArray());
        Assert.Equal("edited\n", await first.ReadTextAsync(7));
        Assert.Equal((2, "other.test"), (server.Connections, (await server.SessionAsync(2)).Name));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Multiplex_CertificateIsNotValid_NoRequestIsSent(string transport)
    {
        using var server = new TlsServer(_authority.Issue("other.test"));
        await using var proxy = new Multiplexer(transport);
        await proxy.EditAsync(Multiplexed(server.Port, Trust));
        using var client = await ConnectAsync(proxy);
        await client.SendAsync("secret\n"u8.ToArray());

        await client.ReadToEndAsync();

        Assert.Equal("", server.Received);
        Assert.Contains(
            (FailureReason.InvalidCertificate, 1L),
            proxy.Service<RecentOutcomes>().Find("c", "d")!.Failures.Select(static one => (one.Reason, Math.Min(one.Count, 1L)))
        );
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Postgres_ServerAgrees_TlsFollows(string transport)
    {
        var asked = new byte[8];
        using var server = new TlsServer([_authority.Issue()], before: stream => AnswerAsync(stream, asked, "S"));
        await using var proxy = await TlsRoute.StartAsync(
            transport,
            $"{Trust}, \"Negotiation\": \"Postgres\"",
            $"tcp://localhost:{server.Port}"
        );

        Assert.Equal("ping", await proxy.AskAsync("ping"));
        Assert.Equal(AskForTls, Encoding.Latin1.GetString(asked));
    }

    [Theory]
    [InlineData(Multiplexer.Portable, "N", "answered SSLRequest with 'N'")]
    [InlineData(Multiplexer.Loops, "N", "answered SSLRequest with 'N'")]
    [InlineData(Multiplexer.Portable, "E", "answered SSLRequest with an error")]
    [InlineData(Multiplexer.Loops, "E", "answered SSLRequest with an error")]
    [InlineData(Multiplexer.Portable, "H", "is no server of PostgreSQL")]
    [InlineData(Multiplexer.Loops, "H", "is no server of PostgreSQL")]
    [InlineData(Multiplexer.Portable, "", "closed the connection when it was asked for TLS")]
    [InlineData(Multiplexer.Loops, "", "closed the connection when it was asked for TLS")]
    public async Task Postgres_ServerDoesNotAgree_AttemptFails(string transport, string answer, string said)
    {
        using var server = Loopback.Listen();
        await using var proxy = await TlsRoute.StartAsync(
            transport,
            $"{Trust}, \"Negotiation\": \"Postgres\"",
            $"tcp://localhost:{server.Port()}"
        );
        var failing = proxy.FailAsync();
        using var accepted = await server.AcceptWithinAsync();
        Assert.Equal(8, (await accepted.ReadTextAsync(8)).Length);
        await accepted.SendAsync(Encoding.ASCII.GetBytes(answer));
        accepted.Shutdown(SocketShutdown.Send);

        Assert.Equal(ConnectionOutcome.TlsFailed, (await failing).Outcome);
        Assert.Contains(said, proxy.Why, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Postgres_BytesInClearBehindTheAnswer_AreNotTakenForTls(string transport)
    {
        var asked = new byte[8];
        using var server = new TlsServer([_authority.Issue()], before: stream => AnswerAsync(stream, asked, "Sselect 1"));
        await using var proxy = await TlsRoute.StartAsync(
            transport,
            $"{Trust}, \"Negotiation\": \"Postgres\"",
            $"tcp://localhost:{server.Port}"
        );

        Assert.Equal(ConnectionOutcome.TlsFailed, (await proxy.FailAsync()).Outcome);
        Assert.Equal("", server.Received);
    }

    [Fact]
    public async Task ActiveCheck_OverTls_ByCertificateAndProbe()
    {
        using var good = new TlsServer(_authority.Issue());
        using var bad = new TlsServer(_authority.Issue("other.test"));
        using var plain = new TcpServer("hello");
        var json = $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c" } },
                "Clusters": { "c": {
                  "HealthCheck": { "Active": { "Enabled": true, "Interval": "00:00:01", "Timeout": "00:00:30" } },
                  "Tcp": { "Tls": { {{Trust}} }, "Probe": { "Send": "PING\r\n", "Expect": "PING" }, "Fall": 1 },
                  "Destinations": {
                    "good": { "Address": "tcp://localhost:{{good.Port}}" },
                    "bad": { "Address": "tcp://localhost:{{bad.Port}}" },
                    "plain": { "Address": "tcp://127.0.0.1:{{plain.Port}}" } } } } } }
            """;
        await using var host = await EditedHost.StartAsync(json);

        await Eventually.TrueAsync(() =>
            (Health("good"), Health("bad"), Health("plain"))
            == (DestinationHealth.Healthy, DestinationHealth.Unhealthy, DestinationHealth.Unhealthy)
        );
        Assert.Contains("PING\r\n", good.Received, StringComparison.Ordinal);
        Assert.Equal("", bad.Received);
        Assert.Contains(
            "is not valid for 'localhost'",
            host.Service<RecentOutcomes>().Find("c", "bad")!.Checks.Current!.LastError,
            StringComparison.Ordinal
        );

        DestinationHealth Health(string id) =>
            host.Service<IProxyStateLookup>().TryGetCluster("c", out var cluster)
                ? cluster.Destinations[id].Health.Active
                : DestinationHealth.Unknown;
    }

    public void Dispose() => _authority.Dispose();

    private static async Task AnswerAsync(Stream stream, byte[] asked, string answer)
    {
        await stream.ReadExactlyAsync(asked);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
    }

    private static async Task<Socket> ConnectAsync(Multiplexer proxy)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(proxy.Address());
        return socket;
    }

    private static string Multiplexed(int port, string tls) =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Mode": "Multiplex" } },
                "Clusters": { "c": {
                  "Tcp": { "Tls": { {{tls}} } },
                  "Destinations": { "d": { "Address": "tcp://localhost:{{port}}" } },
                  "Multiplex": { "Protocol": "line" } } } } }
            """;
}
