using System.Diagnostics;
using System.Net;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Tls;

/// <summary>Real clients with TLS in front of a database that has it as well, and of a device behind mode Multiplex.</summary>
public sealed class DatabaseAndDeviceTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("proxy-both").FullName;
    private readonly List<Process> _servers = [];

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

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
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

    private async Task<string> FileAsync(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        await File.WriteAllTextAsync(path, text);
        return path;
    }

    private async Task ServeAsync(int port, string program, string[] arguments)
    {
        var server = Programs.Start(program, arguments);
        _servers.Add(server);
        _ = server.StandardOutput.ReadToEndAsync(); // else it would block once the pipe is full
        await Programs.ListensAsync(port);
    }
}
