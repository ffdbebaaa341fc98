using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>Real clients of TLS in front of real servers without it.</summary>
public sealed class TlsTerminationTests
{
    [RealServerFact("openssl")]
    public async Task OpenSsl_Versions_TicketsResumptionAndRefusals()
    {
        using var files = await FilesAsync();
        using var server = new TcpServer("hello");
        await using var host = await StartAsync(files, $"tcp://127.0.0.1:{server.Port}", "\"AlpnProtocols\": [\"imap\"]");
        var port = ((IPEndPoint)host.Address).Port;

        foreach (var version in (string[])["-tls1_2", "-tls1_3", "-tls1_2 -no_ticket", "-tls1_3 -no_ticket", "-alpn x,imap"])
        {
            var said = await OpenSslAsync(files, port, $"{version} -servername server", "hello");
            Assert.Contains("Verify return code: 0 (ok)", said, StringComparison.Ordinal);
            Assert.Contains("hello", said, StringComparison.Ordinal);
        }

        var again = await OpenSslAsync(files, port, "-tls1_2 -servername server -reconnect", (static text => Reused(text) >= 5, ""));
        Assert.Equal(5, Reused(again));
        await AssertResumedAsync(files, port);

        Assert.Contains(
            "alert protocol version",
            await OpenSslAsync(files, port, "-tls1_1 -cipher DEFAULT@SECLEVEL=0", "hello"),
            StringComparison.Ordinal
        );
        Assert.Contains("alert no application protocol", await OpenSslAsync(files, port, "-alpn smtp", "hello"), StringComparison.Ordinal);
        Assert.Contains(
            "alert handshake failure",
            await OpenSslAsync(files, port, "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256", "hello"),
            StringComparison.Ordinal
        );
        await Eventually.TrueAsync(() => host.Tracker.Count == 0);
    }

    // Early data is offered with the ticket of an earlier session, and refused; the handshake goes on without.
    private static async Task AssertResumedAsync(CertificateFiles files, int port)
    {
        var session = files["session"];
        await OpenSslAsync(files, port, $"-tls1_3 -servername server -sess_out {session}", "hello");
        await File.WriteAllTextAsync(files["early"], "early data");
        var said = await OpenSslAsync(files, port, $"-tls1_3 -servername server -sess_in {session} -early_data {files["early"]}", "hello");
        Assert.Contains("Reused, TLSv1.3", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Early data was accepted", said, StringComparison.Ordinal);
        Assert.Contains("hello", said, StringComparison.Ordinal);
    }

    [RealServerFact("openssl")]
    public async Task OpenSsl_Renegotiates_Refused()
    {
        using var files = await FilesAsync();
        using var server = new TcpServer("hello");
        await using var host = await StartAsync(files, $"tcp://127.0.0.1:{server.Port}");

        var said = await OpenSslAsync(
            files,
            ((IPEndPoint)host.Address).Port,
            "-tls1_2",
            (static text => text.Contains("hello", StringComparison.Ordinal), "R\n"),
            (IsRefused, "")
        );

        Assert.True(IsRefused(said), said);

        static bool IsRefused(string text) =>
            text.Split("RENEGOTIATING") is [_, var end]
            && (end.Contains("errno=", StringComparison.Ordinal) || end.Contains("no renegotiation", StringComparison.Ordinal));
    }

    [RealServerFact("openssl", "curl")]
    public async Task Curl_ClientCertificates_RequiredAndVerified()
    {
        using var files = await FilesAsync();
        await files.IssueAsync("client", "clientAuth", "URI:spiffe://example.org/one");
        await files.IssueAsync("other", "serverAuth", "DNS:other");
        using var server = new HttpAnswer();
        await using var host = await StartAsync(
            files,
            server.Address,
            $"\"ClientCertificates\": \"Required\", \"ClientCertificateAuthority\": \"{files.Authority}\""
        );
        var port = ((IPEndPoint)host.Address).Port;
        string[] common = ["-sS", "--cacert", files.Authority, "--resolve", $"server:{port}:127.0.0.1", $"https://server:{port}/"];

        Assert.Equal("fine", await Programs.RunAsync("curl", "", ["--cert", files["client.pem"], "--key", files["client.key"], .. common]));
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Programs.RunAsync("curl", "", ["--cert", files["other.pem"], "--key", files["other.key"], .. common])
        );
        await Assert.ThrowsAsync<InvalidOperationException>(() => Programs.RunAsync("curl", "", common));
    }

    [RealServerFact("openssl", "redis-server", "redis-cli")]
    public async Task RedisCli_Tls_ServedByAServerWithoutIt()
    {
        using var files = await FilesAsync();
        var redisPort = Ports.Free();
        using var redis = Programs.Start("redis-server", "--port", $"{redisPort}", "--bind", "127.0.0.1", "--save", "");
        try
        {
            await Eventually.TrueAsync(() => Programs.AcceptsAsync(redisPort));
            await using var host = await StartAsync(files, $"tcp://127.0.0.1:{redisPort}");
            string[] to = ["--tls", "--cacert", files.Authority, "--sni", "server", "-p", $"{((IPEndPoint)host.Address).Port}"];

            var big = new string('x', 3_000_000);
            Assert.Equal("OK", await Programs.RunAsync("redis-cli", big, [.. to, "-x", "set", "big"]));
            Assert.Equal(big, await Programs.RunAsync("redis-cli", "", [.. to, "get", "big"]));
        }
        finally
        {
            redis.Kill();
        }
    }

    [RealServerFact("initdb", "pg_ctl", "psql", "openssl")]
    public async Task Psql_VerifyFull_ServedByAServerWithoutTls()
    {
        using var files = await FilesAsync();
        await using var server = await PostgresServer.StartAsync();
        foreach (var names in (string[])["", ", \"ServerNames\": [\"server\"]"])
        {
            await using var host = await TestHost.StartAsync(
                $$"""
                { "ReverseProxy": {
                    "TcpEndpoints": { "db": { "Address": "127.0.0.1:0" } },
                    "TcpRoutes": { "pg": {
                        "Match": { "Endpoints": ["db"], "Protocols": ["Postgres"] {{names}} }, "ClusterId": "pg",
                        "Tls": { "Certificate": {{files.Json("server")}} } } },
                    "Clusters": { "pg": { "Destinations": { "a": { "Address": "unix:{{server.SocketPath}}" } } } } } }
                """
            );
            var to =
                $"hostaddr=127.0.0.1 host=server port={((IPEndPoint)host.Address).Port} user=tester dbname=postgres connect_timeout=10 sslrootcert={files.Authority}";

            Assert.Equal("2", await Programs.RunAsync("psql", "", $"{to} sslmode=verify-full", "-Atc", "select 1 + 1"));
            var rows = await Programs.RunAsync(
                "psql",
                "",
                $"{to} sslmode=verify-full",
                "-Atc",
                "select repeat('x', 100) from generate_series(1, 20000) n"
            );
            Assert.Equal(20000, rows.Split('\n').Length);
            await Assert.ThrowsAsync<InvalidOperationException>(() =>
                Programs.RunAsync("psql", "", $"{to} sslmode=disable", "-Atc", "select 1")
            );
        }
    }

    private static async Task<CertificateFiles> FilesAsync()
    {
        var files = await CertificateFiles.CreateAsync();
        await files.IssueAsync("server", "serverAuth", "DNS:server,IP:127.0.0.1");
        return files;
    }

    private static Task<TestHost> StartAsync(CertificateFiles files, string destination, string tls = "") =>
        TestHost.StartAsync(
            $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c",
                                      "Tls": { "Certificate": {{files.Json("server")}} {{(tls.Length > 0 ? "," : "")}} {{tls}} } } },
                "Clusters": { "c": { "Destinations": { "a": { "Address": "{{destination}}" } } } } } }
            """
        );

    private static int Reused(string text) => text.Split("Reused, TLSv1.2").Length - 1;

    // Everything that it writes, also if it fails; it reads until it has written what is awaited.
    private static Task<string> OpenSslAsync(CertificateFiles files, int port, string arguments, string awaited) =>
        OpenSslAsync(files, port, arguments, (text => text.Contains(awaited, StringComparison.Ordinal), ""));

    private static async Task<string> OpenSslAsync(
        CertificateFiles files,
        int port,
        string arguments,
        params (Func<string, bool> IsEnough, string Input)[] steps
    ) =>
        (
            await Programs.TalkAsync(
                "sh",
                ["-c", $"exec openssl s_client -connect 127.0.0.1:{port} -CAfile {files.Authority} {arguments} 2>&1"],
                steps
            )
        ).Output;

    /// <summary>An HTTP server without TLS that has one answer.</summary>
    private sealed class HttpAnswer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public HttpAnswer()
        {
            _listener.Start();
            _ = AnswerAsync();
        }

        public string Address => $"tcp://{_listener.LocalEndpoint}";

        public void Dispose() => _listener.Dispose();

        private async Task AnswerAsync()
        {
            try
            {
                while (true)
                {
                    using var socket = await _listener.AcceptSocketAsync();
                    await socket.ReceiveAsync(new byte[4096]);
                    await socket.SendAsync(
                        Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfine")
                    );
                    socket.Shutdown(SocketShutdown.Send);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }
        }
    }
}
