using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Authentication;
using Proxy.Core.Tests.Diagnostics;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Core.Tests.Tls.Origination;
using Proxy.Core.Tests.Tls.Termination;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.EndToEnd.Tls;

/// <summary>The events of real handshakes. Alone, because a listener for spans hears every connection of the process.</summary>
[Collection(Alone.Name)]
public sealed class TlsSpanTests
{
    public static TheoryData<string> Transports => [Multiplexer.Portable, Multiplexer.Loops];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Client_RouteByName_PeekAndHandshakeWithWhatWasAgreedOn(string transport)
    {
        await using var edge = await TlsEdge.StartAsync(
            transport,
            static authority =>
                TlsEdge.Route(
                    authority,
                    "r",
                    "\"Match\": { \"Endpoints\": [\"e\"], \"ServerNames\": [\"r.example.com\"] }",
                    "\"AlpnProtocols\": [\"imap\"]"
                ),
            "\"e\": { \"Address\": \"127.0.0.1:0\" }"
        );
        using var listener = new SpanListener();
        var options = TlsEdge.For("r.example.com", SslProtocols.Tls13);
        options.ApplicationProtocols = [new("imap")];

        await using (var client = await edge.HandshakeAsync(options))
        {
            Assert.Equal("r", await TlsEdge.ServedByAsync(client));
        }

        await edge.EndedAsync();
        var span = Assert.Single(listener.Ended);
        Assert.Equal(["proxy.peek", "proxy.tls", "proxy.dial", "proxy.relay"], span.Events.Select(static happened => happened.Name));
        var peek = Tags(span, 0);
        Assert.Equal(("r.example.com", "imap"), (peek["tls.client.server_name"], peek["proxy.tls.client.alpn"]));
        Assert.False(peek.ContainsKey("error.type"));
        var tls = Tags(span, 1);
        Assert.Equal(
            ("client", "1.3", false, "imap", "r.example.com", true),
            (
                tls["proxy.tls.side"],
                tls["tls.protocol.version"],
                tls["tls.resumed"],
                tls["tls.next_protocol"],
                tls["tls.client.server_name"],
                tls["tls.established"]
            )
        );
        Assert.StartsWith("TLS_", Assert.IsType<string>(tls["tls.cipher"]), StringComparison.Ordinal);
        Assert.InRange(Assert.IsType<double>(tls["proxy.tls.duration"]), 0, Eventually.Limit.TotalSeconds);
        Assert.Equal("1.3", span.GetTagItem("tls.protocol.version"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Client_DoesNotSpeakTls_HandshakeThatFailed(string transport)
    {
        await using var edge = await TlsEdge.StartAsync(transport);
        using var listener = new SpanListener();

        using (var client = await edge.ConnectAsync())
        {
            await client.SendAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray());
            await client.ReadToEndAsync();
        }

        await edge.EndedAsync();
        var span = Assert.Single(listener.Ended);
        Assert.Equal("TlsFailed", span.GetTagItem("error.type"));
        Assert.Equal("proxy.tls", Assert.Single(span.Events).Name);
        var tls = Tags(span, 0);
        Assert.Equal(("client", "not_tls", false), (tls["proxy.tls.side"], tls["error.type"], tls["tls.established"]));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Destinations_FirstIsNotValid_HandshakeOfEachAttempt(string transport)
    {
        using var authority = new ServerAuthority();
        using var other = new TlsServer(authority.Issue("other.test"));
        using var server = new TlsServer(authority.Issue());
        await using var proxy = await TlsRoute.StartAsync(
            transport,
            $"\"CertificateAuthority\": {authority.Json}",
            $"tcp://localhost:{other.Port}",
            $"tcp://localhost:{server.Port}"
        );
        using var listener = new SpanListener();
        string? version = null;
        using (var client = await proxy.ConnectAsync())
        {
            await client.SendAsync("x"u8.ToArray());
            await client.ReceiveAsync(new byte[1]);
            var record = Assert.Single(proxy.Service<ConnectionTracker>().Open);
            version = record.UpstreamTls?.Version;
            Assert.Equal((null, null, "localhost"), (record.TlsFailure, record.TlsError, record.UpstreamTls?.ServerName));
            client.Shutdown(SocketShutdown.Send);
            await client.ReadToEndAsync();
        }

        await Eventually.TrueAsync(() => listener.Ended.Count == 1);
        var span = Assert.Single(listener.Ended);
        Assert.Equal(
            ["proxy.tls", "proxy.dial", "proxy.tls", "proxy.dial", "proxy.relay"],
            span.Events.Select(static happened => happened.Name)
        );
        var (first, second) = (Tags(span, 0), Tags(span, 2));
        Assert.Equal(
            ("upstream", "a", "certificate_refused", false),
            (first["proxy.tls.side"], first["proxy.destination_id"], first["error.type"], first["tls.established"])
        );
        Assert.Equal(("upstream", "b", true), (second["proxy.tls.side"], second["proxy.destination_id"], second["tls.established"]));
        Assert.Equal(version, second["tls.protocol.version"]);
        Assert.Null(span.GetTagItem("tls.protocol.version")); // the client's is in clear
    }

    private static Dictionary<string, object?> Tags(Activity span, int number) =>
        span.Events.ElementAt(number).Tags.Where(static tag => tag.Value is not null).ToDictionary();
}
