using System.Diagnostics;
using System.Net;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>Clients without TLS in front of real servers with it.</summary>
public sealed class TlsOriginationTests
{
    [RealServerFact("openssl")]
    public async Task OpenSsl_Versions_Served()
    {
        using var files = await FilesAsync();
        foreach (var version in (string[])["-tls1_2", "-tls1_3"])
        {
            var port = Ports.Free();
            await WithAsync(
                Programs.Start(
                    "openssl",
                    [
                        "s_server",
                        "-accept",
                        $"127.0.0.1:{port}",
                        "-cert",
                        files["server.pem"],
                        "-key",
                        files["server.key"],
                        version,
                        "-rev",
                        "-quiet",
                    ]
                ),
                port,
                async () =>
                {
                    await using var host = await StartAsync(files, port);
                    for (var i = 0; i < 3; i++)
                    {
                        Assert.Equal("olleh\n", await AskAsync(host, "hello\n", "\n"));
                    }
                }
            );
        }
    }

    [RealServerFact("openssl", "nginx")]
    public async Task Nginx_Http_Served()
    {
        using var files = await FilesAsync();
        var port = Ports.Free();
        await File.WriteAllTextAsync(
            files["nginx.conf"],
            $$"""
            daemon off; master_process off; pid {{files["nginx.pid"]}}; error_log {{files["nginx.log"]}};
            events {}
            http {
              access_log off;
              client_body_temp_path {{files["body"]}}; proxy_temp_path {{files["proxy"]}}; fastcgi_temp_path {{files["fast"]}};
              uwsgi_temp_path {{files["uwsgi"]}}; scgi_temp_path {{files["scgi"]}};
              server {
                listen 127.0.0.1:{{port}} ssl;
                server_name server;
                ssl_protocols TLSv1.2 TLSv1.3;
                ssl_certificate {{files["server.pem"]}}; ssl_certificate_key {{files["server.key"]}};
                return 200 "$ssl_protocol $ssl_server_name";
              }
            }
            """
        );
        await WithAsync(
            Programs.Start("nginx", "-c", files["nginx.conf"], "-e", files["nginx.log"]),
            port,
            async () =>
            {
                await using var host = await StartAsync(files, port);
                var answer = await AskAsync(host, "GET / HTTP/1.0\r\n\r\n", "TLSv1.3 server");
                Assert.EndsWith("TLSv1.3 server", answer, StringComparison.Ordinal);
            }
        );
    }

    [RealServerFact("openssl", "haproxy")]
    public async Task HAProxy_WithAProxyHeaderAndACertificate_Served()
    {
        using var files = await FilesAsync();
        using var server = new TcpServer("hello ");
        var port = Ports.Free();
        await File.WriteAllTextAsync(
            files["both.pem"],
            await File.ReadAllTextAsync(files["server.pem"]) + await File.ReadAllTextAsync(files["server.key"])
        );
        await File.WriteAllTextAsync(
            files["haproxy.cfg"],
            $"""
            defaults
              mode tcp
              timeout connect 10s
              timeout client 1m
              timeout server 1m
            listen tls
              bind 127.0.0.1:{port} accept-proxy ssl crt {files["both.pem"]} ca-file {files.Authority} verify required
              server one 127.0.0.1:{server.Port}

            """
        );
        await WithAsync(
            Programs.Start("haproxy", "-db", "-f", files["haproxy.cfg"]),
            port,
            async () =>
            {
                await using var host = await StartAsync(
                    files,
                    port,
                    $"\"Certificate\": {files.Json("client")}",
                    "\"SendProxyProtocol\": \"V2\""
                );
                Assert.Equal("hello there", await AskAsync(host, "there", "there"));
            }
        );
    }

    [RealServerFact("openssl", "redis-server", "redis-cli", "redis-benchmark")]
    public async Task Redis_ForwardAndMultiplex_Served()
    {
        using var files = await FilesAsync();
        var port = Ports.Free();
        var redis = Programs.Start(
            "redis-server",
            [
                "--port",
                "0",
                "--tls-port",
                $"{port}",
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--tls-cert-file",
                files["server.pem"],
                "--tls-key-file",
                files["server.key"],
                "--tls-ca-cert-file",
                files.Authority,
                "--tls-auth-clients",
                "yes",
            ]
        );
        await WithAsync(
            redis,
            port,
            async () =>
            {
                foreach (var multiplexed in (bool[])[false, true])
                {
                    // Destinations of multiplexers have no active checks.
                    var (checks, probe) = multiplexed
                        ? ("", "")
                        : (
                            """ "HealthCheck": { "Active": { "Enabled": true, "Interval": "00:00:01", "Timeout": "00:00:30" } }, """,
                            """ "Probe": { "Send": "PING\r\n", "Expect": "+PONG" }, """
                        );
                    await using var host = await TestHost.StartAsync(
                        $$"""
                        { "ReverseProxy": {
                            "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Mode": "{{(
                            multiplexed ? "Multiplex" : "Forward"
                        )}}" } },
                            "Clusters": { "c": {
                              {{checks}}
                              "Tcp": { {{probe}}
                                       "Tls": { "ServerName": "server", "CertificateAuthority": "{{files.Authority}}", "Certificate": {{files.Json(
                            "client"
                        )}} } },
                              "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{port}}" } }
                              {{(multiplexed ? ", \"Multiplex\": { \"Protocol\": \"resp\", \"MaxInFlight\": 64, \"KeepUnused\": \"00:10:00\" }" : "")}} } } } }
                        """
                    );
                    string[] to = ["-p", $"{((IPEndPoint)host.Address).Port}"];
                    var big = new string('x', 3_000_000);
                    Assert.Equal("OK", await Programs.RunAsync("redis-cli", big, [.. to, "-x", "set", "big"]));
                    Assert.Equal(big, await Programs.RunAsync("redis-cli", "", [.. to, "get", "big"]));
                    var benchmark = await Programs.RunAsync(
                        "redis-benchmark",
                        "",
                        [.. to, "-t", "set,get,lrange_100", "-n", "2000", "-c", "20", "-P", "8", "-q", "--csv"]
                    );
                    Assert.Contains("\"LRANGE_100 (first 100 elements)\"", benchmark, StringComparison.Ordinal);
                    Assert.DoesNotContain("ERR", benchmark, StringComparison.Ordinal);
                    if (multiplexed)
                    {
                        Assert.Empty(host.Multiplexed.Errors);
                        Assert.Single(host.Multiplexed.Upstreams);
                    }
                }
            }
        );
    }

    [RealServerFact("openssl", "initdb", "pg_ctl", "psql")]
    public async Task Postgres_ThatOnlyServesWithinTls_PsqlWithoutIt()
    {
        var address = new IPEndPoint(IPAddress.Loopback, Ports.Free());
        await using var server = await PostgresServer.StartAsync(address, tls: true);
        var certificate = Path.Combine(Path.GetDirectoryName(server.SocketPath)!, "data", "server.crt"); // its own authority
        await using var host = await TestHost.StartAsync(
            $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c" } },
                "Clusters": { "c": {
                  "Tcp": { "Tls": { "Negotiation": "Postgres", "ServerName": "test", "CertificateAuthority": "{{certificate}}" } },
                  "Destinations": { "a": { "Address": "tcp://{{address}}" } } } } } }
            """
        );
        var to = $"host=127.0.0.1 port={((IPEndPoint)host.Address).Port} user=tester dbname=postgres connect_timeout=10 sslmode=disable";

        const string Encrypted = "select ssl, version from pg_stat_ssl where pid = pg_backend_pid()";
        Assert.Equal("t|TLSv1.3", await Programs.RunAsync("psql", "", to, "-Atc", Encrypted));
        var rows = await Programs.RunAsync("psql", "", to, "-Atc", "select repeat('x', 100) from generate_series(1, 20000) n");
        Assert.Equal(20000, rows.Split('\n').Length);
    }

    [RealServerFact("openssl", "stunnel4", "mbpoll", "pymodbus.server")]
    public async Task Stunnel_InFrontOfAModbusDevice_MbpollReads()
    {
        using var files = await FilesAsync();
        var (device, port) = (Ports.Free(), Ports.Free());
        await File.WriteAllTextAsync(
            files["stunnel.conf"],
            $"""
            foreground = yes
            pid =
            [modbus]
            accept = 127.0.0.1:{port}
            connect = 127.0.0.1:{device}
            cert = {files["server.pem"]}
            key = {files["server.key"]}

            """
        );
        await WithAsync(
            Programs.Start(
                "/usr/bin/python3",
                Repository.Path("tests", "Proxy.Host.Tests", "EndToEnd", "Servers", "modbus_device.py"),
                $"{device}",
                "tcp"
            ),
            device,
            () =>
                WithAsync(
                    Programs.Start("stunnel4", files["stunnel.conf"]),
                    port,
                    async () =>
                    {
                        await using var host = await TestHost.StartAsync(
                            $$"""
                            { "ReverseProxy": {
                                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Mode": "Multiplex" } },
                                "Clusters": { "c": {
                                  "Tcp": { "Tls": { "ServerName": "server", "CertificateAuthority": "{{files.Authority}}" } },
                                  "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{port}}" } },
                                  "Multiplex": { "Protocol": "modbus-tcp" } } } } }
                            """
                        );
                        var read = await Programs.RunAsync(
                            "mbpoll",
                            "",
                            "-m",
                            "tcp",
                            "-p",
                            $"{((IPEndPoint)host.Address).Port}",
                            "-a",
                            "1",
                            "-0",
                            "-r",
                            "10",
                            "-c",
                            "2",
                            "-t",
                            "4",
                            "-1",
                            "127.0.0.1"
                        );
                        Assert.Matches(@"\[10\]:\s+1010\s+\[11\]:\s+1011", read);
                    }
                )
        );
    }

    private static async Task<CertificateFiles> FilesAsync()
    {
        var files = await CertificateFiles.CreateAsync();
        await files.IssueAsync("server", "serverAuth", "DNS:server");
        await files.IssueAsync("client", "clientAuth", "DNS:client");
        return files;
    }

    private static Task<TestHost> StartAsync(CertificateFiles files, int port, string tls = "", string tcp = "") =>
        TestHost.StartAsync(
            $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c" } },
                "Clusters": { "c": {
                  "Tcp": { "Tls": { "ServerName": "server", "CertificateAuthority": "{{files.Authority}}" {{(
                tls.Length > 0 ? "," : ""
            )}} {{tls}} }
                           {{(tcp.Length > 0 ? "," : "")}} {{tcp}} },
                  "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{port}}" } } } } } }
            """
        );

    // What comes back up to an end that is expected; the client ends then.
    private static async Task<string> AskAsync(TestHost host, string text, string end)
    {
        using var client = await TcpClientSocket.ConnectAsync(((IPEndPoint)host.Address).Port);
        await client.SendAsync(text);
        var all = "";
        while (!all.EndsWith(end, StringComparison.Ordinal) && await client.ReadAsync() is { Length: > 0 } more)
        {
            all += more;
        }

        client.End();
        return all;
    }

    private static async Task WithAsync(Process server, int port, Func<Task> use)
    {
        using var owned = server;
        try
        {
            await Programs.ListensAsync(port);
            await use();
        }
        finally
        {
            server.Kill();
        }
    }
}
