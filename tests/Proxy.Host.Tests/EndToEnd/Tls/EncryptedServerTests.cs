using System.Diagnostics;
using System.Net;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Tls;

/// <summary>Real clients without TLS in front of real servers with it, and devices behind mode Multiplex with TLS before it.</summary>
public sealed class EncryptedServerTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("proxy-encrypted").FullName;
    private readonly List<Process> _servers = [];

    [RealServerFact("openssl", "redis-server", "redis-cli", "haproxy", "nginx")]
    public async Task RedisCli_BeforeRedisNginxAndHaproxyWithTls_IsServed()
    {
        using var files = await FilesAsync();
        var (plain, tls) = (Ports.Free(), Ports.Free());
        await ServeAsync(plain, "redis-server", ["--port", $"{plain}", "--bind", "127.0.0.1", "--save", ""]);
        await ServeAsync(
            tls,
            "redis-server",
            [
                .. (string[])["--port", "0", "--tls-port", $"{tls}", "--bind", "127.0.0.1", "--save", "", "--tls-auth-clients", "no"],
                .. (string[])
                    ["--tls-ca-cert-file", files.Authority, "--tls-cert-file", files["server.pem"], "--tls-key-file", files["server.key"]],
            ]
        );

        foreach (var port in new[] { tls, await HaproxyAsync(files, plain), await NginxAsync(files, plain) })
        {
            await using var host = await StartAsync(files, $"\"RequireCloseNotify\": false", $"tcp://127.0.0.1:{port}");
            string[] to = ["-p", $"{((IPEndPoint)host.Address).Port}"];
            var big = new string('x', 2_000_000);

            Assert.Equal("OK", await Programs.RunAsync("redis-cli", big, [.. to, "-x", "set", "big"]));
            Assert.Equal(big, await Programs.RunAsync("redis-cli", "", [.. to, "get", "big"]));
            await Eventually.TrueAsync(() => host.Tracker.Count == 0);
        }
    }

    [RealServerFact("initdb", "pg_ctl", "psql", "openssl")]
    public async Task Psql_VerifyFullAndServerWithTls_BothSidesAreEncrypted()
    {
        using var files = await FilesAsync();
        var port = Ports.Free();
        await using var server = await PostgresServer.StartAsync(new IPEndPoint(IPAddress.Loopback, port), tls: true);
        await using var host = await TestHost.StartAsync(
            $$"""
            { "ReverseProxy": {
                "TcpEndpoints": { "db": { "Address": "127.0.0.1:0" } },
                "TcpRoutes": {
                  "pg": { "Match": { "Endpoints": ["db"], "Protocols": ["Postgres"] }, "ClusterId": "pg",
                          "Tls": { "Certificate": {{files.Json("server")}} } } },
                "Clusters": { "pg": {
                    "Tcp": { "Tls": { "ServerName": "test", "CertificateAuthority": "{{server.Certificate}}", "Negotiation": "Postgres" } },
                    "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{port}}" } } } } } }
            """
        );

        var said = await Programs.RunAsync(
            "psql",
            "",
            $"hostaddr=127.0.0.1 host=server port={((IPEndPoint)host.Address).Port} user=tester dbname=postgres connect_timeout=20 sslmode=verify-full sslrootcert={files.Authority}",
            "-Atc",
            "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
        );

        Assert.Equal("t", said); // as the server sees it
    }

    [RealServerFact("mbpoll", "stunnel", "pymodbus.server", "openssl")]
    public async Task Mbpoll_OverStunnel_SharesADeviceWithOthers()
    {
        using var files = await FilesAsync();
        var (devicePort, stunnelPort) = (Ports.Free(), Ports.Free());
        await ServeAsync(
            devicePort,
            "/usr/bin/python3",
            [Path.Combine(AppContext.BaseDirectory, "EndToEnd", "Servers", "modbus_device.py"), $"{devicePort}", "tcp"]
        );
        await using var host = await TestHost.StartAsync(
            $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "Mode": "Multiplex", "ClusterId": "c", "Tls": { "Certificate": {{files.Json(
                "server"
            )}} } } },
                "Clusters": { "c": { "Multiplex": { "Protocol": "modbus-tcp" }, "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{devicePort}}" } } } } } }
            """
        );
        await ServeAsync(
            stunnelPort,
            "stunnel",
            [
                await FileAsync(
                    "stunnel.conf",
                    $"""
                    foreground = yes
                    pid =
                    [modbus]
                    client = yes
                    accept = 127.0.0.1:{stunnelPort}
                    connect = {host.Address}
                    verifyChain = yes
                    checkHost = server
                    sni = server
                    CAfile = {files.Authority}
                    """
                ),
            ]
        );

        var clients = Enumerable
            .Range(0, 3)
            .Select(_ =>
                Programs.RunAsync(
                    "mbpoll",
                    "",
                    "-m",
                    "tcp",
                    "-p",
                    $"{stunnelPort}",
                    "-0",
                    "-o",
                    "10",
                    "-a",
                    "3",
                    "-r",
                    "7",
                    "-c",
                    "2",
                    "-1",
                    "127.0.0.1"
                )
            );
        foreach (var said in await Task.WhenAll(clients))
        {
            Assert.Contains("3007", said, StringComparison.Ordinal);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync();
            server.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<CertificateFiles> FilesAsync()
    {
        var files = await CertificateFiles.CreateAsync();
        await files.IssueAsync("server", "serverAuth", "DNS:server");
        return files;
    }

    private static Task<TestHost> StartAsync(CertificateFiles files, string tls, string destination) =>
        TestHost.StartAsync(
            $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c" } },
                "Clusters": { "c": { "Tcp": { "Tls": { "ServerName": "server", "CertificateAuthority": "{{files.Authority}}", {{tls}} } },
                                     "Destinations": { "a": { "Address": "{{destination}}" } } } } } }
            """
        );

    private async Task<int> HaproxyAsync(CertificateFiles files, int redis)
    {
        var port = Ports.Free();
        var pem = await FileAsync(
            "haproxy.pem",
            await File.ReadAllTextAsync(files["server.pem"]) + await File.ReadAllTextAsync(files["server.key"])
        );
        var config = await FileAsync(
            "haproxy.cfg",
            $"""
            defaults
              mode tcp
              timeout connect 5s
              timeout client 1m
              timeout server 1m
            listen redis
              bind 127.0.0.1:{port} ssl crt {pem}
              server a 127.0.0.1:{redis}

            """
        );
        return await ServeAsync(port, "haproxy", ["-db", "-f", config]);
    }

    // Debian builds the stream module apart from nginx.
    private async Task<int> NginxAsync(CertificateFiles files, int redis)
    {
        const string Module = "/usr/lib/nginx/modules/ngx_stream_module.so";
        var port = Ports.Free();
        var config = await FileAsync(
            "nginx.conf",
            $$"""
            {{(File.Exists(Module) ? $"load_module {Module};" : "")}}
            daemon off; pid {{_folder}}/nginx.pid; error_log {{_folder}}/nginx.log;
            events {}
            stream { server { listen 127.0.0.1:{{port}} ssl; ssl_certificate {{files["server.pem"]}}; ssl_certificate_key {{files[
                "server.key"
            ]}};
                              proxy_pass 127.0.0.1:{{redis}}; } }
            """
        );
        return await ServeAsync(port, "nginx", ["-c", config]);
    }

    private async Task<string> FileAsync(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        await File.WriteAllTextAsync(path, text);
        return path;
    }

    private async Task<int> ServeAsync(int port, string program, string[] arguments)
    {
        var server = Programs.Start(program, arguments);
        _servers.Add(server);
        _ = server.StandardOutput.ReadToEndAsync(); // else it would block once the pipe is full
        await Programs.ListensAsync(port);
        return port;
    }
}
