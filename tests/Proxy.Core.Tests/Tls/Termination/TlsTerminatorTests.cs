using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Proxy.Connections;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Core.Tests.Peeking;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Tls.Termination;

public sealed class TlsTerminatorTests
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(10);

    public static TheoryData<string> Transports => TlsEdge.Transports;

    public static TheoryData<string, SslProtocols> Versions =>
        new()
        {
            { Multiplexer.Portable, SslProtocols.Tls12 },
            { Multiplexer.Portable, SslProtocols.Tls13 },
            { Multiplexer.Loops, SslProtocols.Tls12 },
            { Multiplexer.Loops, SslProtocols.Tls13 },
        };

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Authenticate_Client_ServedInClearAndTold(string transport, SslProtocols version)
    {
        await using var edge = await TlsEdge.StartAsync(transport, "\"AlpnProtocols\": [\"x\", \"imap\"]");
        var options = TlsEdge.For("R.example.com", version);
        options.ApplicationProtocols = [new("imap"), new("other")];
        await using var client = await edge.HandshakeAsync(options);

        Assert.Equal("r", await TlsEdge.ServedByAsync(client));
        Assert.Equal((version, "imap"), (client.SslProtocol, $"{client.NegotiatedApplicationProtocol}"));
        var record = Assert.Single(edge.Open);
        Assert.Equal(
            new TlsSession(
                version == SslProtocols.Tls12 ? "1.2" : "1.3",
                $"{client.NegotiatedCipherSuite}",
                false,
                "r.example.com",
                "imap",
                null,
                []
            ),
            record.Tls! with
            {
                PeerNames = [],
            }
        );
        await client.ShutdownAsync();
        Assert.Equal(0, await client.ReadAsync(new byte[1]).AsTask().WaitAsync(Eventually.Limit));
        Assert.Equal([ConnectionOutcome.Completed], await edge.EndedAsync(record));
        Assert.Equal((0, 0), edge.Gate("127.0.0.1:0"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Authenticate_SeveralCertificates_ThatOfTheNameElseTheFirst(string transport)
    {
        await using var edge = await StartWithTwoAsync(transport);

        foreach (var (name, expected) in ((string, string)[])[("a.example.com", "a"), ("b.example.com", "b"), ("x.example.net", "a")])
        {
            Assert.Equal($"CN={expected}.example.com", await SubjectAsync(edge, name, SslProtocols.Tls12));
            Assert.Equal($"CN={expected}.example.com", await SubjectAsync(edge, name, SslProtocols.Tls13));
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Authenticate_HelloSplitAnywhere_CertificateOfItsName(string transport)
    {
        await using var edge = await StartWithTwoAsync(transport);
        foreach (var version in (SslProtocols[])[SslProtocols.Tls12, SslProtocols.Tls13])
        {
            var length = int.MaxValue;
            for (var at = 1; at < length; at++)
            {
                var splitter = new RecordSplitter(await edge.ConnectAsync(), at);
                await using var client = await edge.HandshakeAsync(TlsEdge.For("b.example.com", version), over: splitter);

                Assert.Equal("CN=b.example.com", client.RemoteCertificate!.Subject);
                length = splitter.Sent;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Authenticate_NoCommonVersion_AlertAndOneLine(string transport)
    {
        await using var edge = await TlsEdge.StartAsync(transport, "\"MinimumVersion\": \"Tls13\"");

        for (var i = 0; i < 3; i++)
        {
            await AssertAlertAsync(edge, TlsEdge.For("r.example.com", SslProtocols.Tls12), "protocol version");
        }

        await AssertFailedAsync(edge, "NoCommonVersion", 3, "no version of TLS");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Authenticate_CipherSuiteInOtherCase_ThatOne(string transport)
    {
        await using var edge = await TlsEdge.StartAsync(transport, """ "CipherSuites": ["tls_aes_128_gcm_sha256"] """);

        await using var client = await edge.HandshakeAsync();

        Assert.Equal(TlsCipherSuite.TLS_AES_128_GCM_SHA256, client.NegotiatedCipherSuite);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Authenticate_FailsAgainAfterAnEdit_OneLine(string transport)
    {
        const string Tls = "\"MinimumVersion\": \"Tls13\"";
        await using var edge = await TlsEdge.StartAsync(transport, Tls);
        await AssertAlertAsync(edge, TlsEdge.For("r.example.com", SslProtocols.Tls12), "protocol version");
        await edge.EditAsync(TlsEdge.Route(edge.Authority, "r", "\"Listen\": \"127.0.0.1:0\"", Tls));

        await AssertAlertAsync(edge, TlsEdge.For("r.example.com", SslProtocols.Tls12), "protocol version");

        await AssertFailedAsync(edge, "NoCommonVersion", 2, "no version of TLS");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Authenticate_NoCommonCipher_Alert(string transport)
    {
        await using var edge = await TlsEdge.StartAsync(
            transport,
            """ "MinimumVersion": "Tls13", "CipherSuites": ["TLS_AES_128_GCM_SHA256"] """
        );
        var options = TlsEdge.For("r.example.com");
#pragma warning disable CA1416 // The tests of this run on Linux.
        options.CipherSuitesPolicy = new CipherSuitesPolicy([TlsCipherSuite.TLS_AES_256_GCM_SHA384]);
#pragma warning restore CA1416

        await AssertAlertAsync(edge, options, "handshake failure");

        await AssertFailedAsync(edge, "NoCommonCipher", 1, "no cipher suite");
        await using var other = await edge.HandshakeAsync();
        Assert.Equal(TlsCipherSuite.TLS_AES_128_GCM_SHA256, other.NegotiatedCipherSuite);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Authenticate_NoCommonApplicationProtocol_Alert(string transport, SslProtocols version)
    {
        await using var edge = await TlsEdge.StartAsync(transport, "\"AlpnProtocols\": [\"imap\"]");
        var options = TlsEdge.For("r.example.com", version);
        options.ApplicationProtocols = [new("smtp")];

        await AssertAlertAsync(edge, options, "no application protocol");

        await AssertFailedAsync(edge, "NoCommonProtocol", 1, "no application protocol");
        await using var without = await edge.HandshakeAsync(TlsEdge.For("r.example.com", version)); // which names none
        Assert.Equal("r", await TlsEdge.ServedByAsync(without));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Authenticate_NotTls_Reset(string transport)
    {
        await using var edge = await TlsEdge.StartAsync(transport);
        using var client = await edge.ConnectAsync();

        await client.SendAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());

        Assert.True((await client.ReadToEndAsync()).Reset);
        await AssertFailedAsync(edge, "NotTls", 1, "does not speak TLS");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Authenticate_MalformedHello_AlertThatArrivesBeforeTheEnd(string transport)
    {
        await using var edge = await TlsEdge.StartAsync(transport);
        byte[] hello = [.. Hellos.OpenSsl];
        hello[9 + 2 + 32] = 33; // longer than a session id may be

        using var client = await edge.ConnectAsync();
        await client.SendAsync((byte[])[.. hello, .. new byte[20_000]]);

        Assert.Equal([21, 3, 3, 0, 2, 2, 50], (await client.ReadToEndAsync()).Bytes);
        await AssertFailedAsync(edge, "Malformed", 1, "malformed");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Authenticate_HelloLongerThanAllowed_Alert(string transport)
    {
        await using var edge = await TlsEdge.StartAsync(transport);
        using var client = await edge.ConnectAsync();

        await client.SendAsync((byte[])[22, 3, 1, 0x40, 0, 1, 0, 0x50, 0]);

        Assert.Equal([21, 3, 3, 0, 2, 2, 50], (await client.ReadToEndAsync()).Bytes);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Authenticate_GarbageAfterTheHello_Alert(string transport)
    {
        await using var edge = await TlsEdge.StartAsync(transport);
        foreach (
            var garbage in (byte[][])
                [
                    [.. "garbage"u8],
                    [24, 3, 3, 0, 3, 1, 0x40, 0],
                    [22, 3, 3, 0, 4, 20, 0, 0, 0],
                ]
        ) // a heartbeat, an empty Finished
        {
            using var client = await edge.ConnectAsync();
            await client.SendAsync(Hellos.OpenSsl);
            await ReadFlightAsync(client);

            await client.SendAsync(garbage);

            var (bytes, _) = await client.ReadToEndAsync();
            Assert.NotEmpty(bytes); // the rest of the flight, and the alert
        }

        await AssertFailedAsync(edge, "Malformed", 3, "not valid");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Authenticate_ClientStalls_ResetAfterHandshakeTimeoutWhereverItIs(string transport)
    {
        var time = new ManualTime();
        await using var edge = await TlsEdge.StartAsync(transport, time: time);
        foreach (
            var (bytes, expected) in ((byte[], string)[])
                [
                    ([], "sent nothing"),
                    (Hellos.OpenSsl[..1], "ClientHello did not come"),
                    (Hellos.OpenSsl[..^1], "ClientHello did not come"),
                    (Hellos.OpenSsl, "did not answer"),
                    (Hellos.OpenSslTls12, "did not answer"),
                ]
        )
        {
            using var client = await edge.ConnectAsync();
            await client.SendAsync(bytes);
            await time.WaitForTimerAsync(_timeout);
            if (bytes.Length == Hellos.OpenSsl.Length || bytes.Length == Hellos.OpenSslTls12.Length)
            {
                await ReadFlightAsync(client);
            }
            else if (bytes.Length > 0)
            {
                await Eventually.TrueAsync(() => edge.Proxy.Service<BufferPool>().Outstanding > 0); // it is read
                Assert.Equal((0, 0), edge.Gate("127.0.0.1:0"));
            }

            var record = Assert.Single(edge.Open);
            time.Advance(_timeout);

            Assert.True((await client.ReadToEndAsync()).Reset);
            Assert.Equal([ConnectionOutcome.TlsFailed], await edge.EndedAsync(record));
            Assert.Equal("TimedOut", record.TlsFailure);
            await Eventually.TrueAsync(() => edge.Log.Lines.Any(line => line.Contains(expected, StringComparison.Ordinal)));
            time.Advance(TimeSpan.FromMinutes(2)); // so that the next one has a line of its own
            await Eventually.TrueAsync(() => edge.Proxy.Service<BufferPool>().Outstanding == 0); // so that its bytes are seen to be read
        }

        Assert.Equal((0, 0), edge.Gate("127.0.0.1:0"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Authenticate_ClientLeavesWithoutAByte_NoLine(string transport)
    {
        await using var edge = await TlsEdge.StartAsync(transport);
        (await edge.ConnectAsync()).Dispose();
        await edge.FailuresAsync("Closed", 1);

        Assert.DoesNotContain(edge.Log.Lines, static line => line.Contains("TLS handshake", StringComparison.Ordinal));

        using (var client = await edge.ConnectAsync())
        {
            await client.SendAsync(Hellos.OpenSsl.AsMemory(0, 50));
            client.Shutdown(SocketShutdown.Send);
            await edge.FailuresAsync("Closed", 2);
        }

        Assert.Contains(edge.Log.Lines, static line => line.Contains("the client ended the connection", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Authenticate_ClientResets_SoCounted(string transport)
    {
        await using var edge = await TlsEdge.StartAsync(transport);
        using (var client = await edge.ConnectAsync())
        {
            await client.SendAsync(Hellos.OpenSsl);
            await ReadFlightAsync(client);
            client.LingerState = new(true, 0);
        }

        await AssertFailedAsync(edge, "Reset", 1, "reset the connection");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Authenticate_SameClientAgain_ResumedAndTold(string transport, SslProtocols version)
    {
        await using var edge = await TlsEdge.StartAsync(transport);
        var context = TlsEdge.For("r.example.com", version);
        var resumed = new List<bool?>();
        for (var i = 0; i < 3; i++)
        {
            await using var client = await edge.HandshakeAsync(context);
            Assert.Equal("r", await TlsEdge.ServedByAsync(client)); // a ticket came before that
            resumed.Add(Assert.Single(edge.Open).Tls!.IsResumed);
            await client.ShutdownAsync();
            await edge.EndedAsync();
        }

        Assert.Equal([false, true, true], resumed);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Edit_OtherCertificate_NewConnectionsOnly(string transport)
    {
        await using var edge = await TlsEdge.StartAsync(
            transport,
            static authority => TlsEdge.Route(authority, "r", Place("edge")),
            Endpoint("edge")
        );
        await using var before = await edge.HandshakeAsync(key: "edge");

        await edge.EditAsync(
            $$"""
            "r": { {{Place("edge")}}, "ClusterId": "r", "Tls": { "Certificate": {{edge.Authority.Server("b.example.com")}} } }
            """,
            Endpoint("edge")
        );

        Assert.Equal("CN=b.example.com", await SubjectAsync(edge, "b.example.com", SslProtocols.Tls13, "edge"));
        Assert.Equal("r", await TlsEdge.ServedByAsync(before));
        Assert.Equal("CN=r.example.com", before.RemoteCertificate!.Subject);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Authenticate_RoutesOfOneEndpoint_EachWithItsOwnTlsOrNone(string transport)
    {
        await using var edge = await TlsEdge.StartAsync(
            transport,
            static authority =>
                $$"""
                    {{TlsEdge.Route(authority, "a", Place("edge", "\"ServerNames\": [\"a.example.com\"]"))}},
                    {{TlsEdge.Route(authority, "b", Place("edge", "\"ServerNames\": [\"b.example.com\"]"))}},
                    "plain": { {{Place("edge", "\"Protocols\": [\"Http\"]")}}, "ClusterId": "plain" }
                    """,
            Endpoint("edge")
        );

        foreach (var name in (string[])["a", "b"])
        {
            await using var client = await edge.HandshakeAsync(TlsEdge.For($"{name}.example.com"), "edge");
            Assert.Equal(name, await TlsEdge.ServedByAsync(client));
            Assert.Equal($"CN={name}.example.com", client.RemoteCertificate!.Subject);
        }

        using var http = await edge.ConnectAsync("edge");
        await http.SendAsync("GET / HTTP/1.1\r\n"u8.ToArray());
        Assert.Equal("plain", await http.ReadTextAsync(5));
    }

    internal static string Place(string endpoint, string match = "") =>
        $$"""
            "Match": { "Endpoints": ["{{endpoint}}"] {{(match.Length > 0 ? "," : "")}} {{match}} }
            """;

    internal static string Endpoint(string id, string more = "") =>
        $$"""
            "{{id}}": { "Address": "127.0.0.1:0" {{(more.Length > 0 ? "," : "")}} {{more}} }
            """;

    /// <summary>Waits until the server has answered a ClientHello.</summary>
    internal static async Task ReadFlightAsync(Socket client)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        Assert.NotEqual(0, await client.ReceiveAsync(new byte[1], limit.Token));
    }

    private static Task<TlsEdge> StartWithTwoAsync(string transport) =>
        TlsEdge.StartAsync(
            transport,
            static authority =>
                $$"""
                    "r": { "Listen": "127.0.0.1:0", "ClusterId": "r",
                           "Tls": { "Certificate": [{{authority.Server("a.example.com")}}, {{authority.Server("b.example.com")}}] } }
                    """
        );

    private static async Task<string> SubjectAsync(TlsEdge edge, string name, SslProtocols version, string key = "")
    {
        var options = TlsEdge.For(name, version);
        options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        await using var client = await edge.HandshakeAsync(options, key);
        return client.RemoteCertificate!.Subject;
    }

    private static async Task AssertAlertAsync(TlsEdge edge, SslClientAuthenticationOptions options, string alert)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => edge.HandshakeAsync(options));
        Assert.Contains(alert, $"{error}", StringComparison.Ordinal);
    }

    private static async Task AssertFailedAsync(TlsEdge edge, string reason, int count, string line)
    {
        await edge.FailuresAsync(reason, count);
        var lines = edge.Log.Lines.Where(static line => line.Contains("TLS handshake", StringComparison.Ordinal)).ToList();
        Assert.Contains(line, Assert.Single(lines), StringComparison.Ordinal);
        Assert.Contains("Route r", lines[0], StringComparison.Ordinal);
    }
}
