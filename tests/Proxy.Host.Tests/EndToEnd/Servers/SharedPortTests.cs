using System.Diagnostics;
using System.Net;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>One port for many services, with real clients and servers of each.</summary>
public sealed class SharedPortTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("proxy-shared").FullName;
    private readonly List<Process> _servers = [];
    private TestHost? _host;
    private string _port = "";

    [RealServerFact("openssl", "curl", "ssh", "sshd", "ssh-keygen")]
    public async Task Port_OpensslCurlAndSsh_EachReachesItsOwnServer()
    {
        using var plain = new TcpServer("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nplain"); // answers before it is asked
        await using var ssh = await SshServer.StartAsync();
        var (mail, web) = (await TlsAsync("mail.example.com"), await TlsAsync("www.example.com", "-www"));
        await StartAsync(
            ("mail", """ "ServerNames": ["mail.example.com"] """, mail),
            ("web", """ "ServerNames": ["*.example.com"] """, web),
            ("ssh", """ "Protocols": ["Ssh"] """, ssh.Port),
            ("plain", """ "Protocols": ["Http"] """, plain.Port)
        );

        for (var i = 0; i < 2; i++)
        {
            Assert.Contains("subject=CN = mail.example.com", await SubjectAsync("mail.example.com"), StringComparison.Ordinal);
            Assert.Contains("subject=CN = www.example.com", await SubjectAsync("www.example.com"), StringComparison.Ordinal);
            Assert.Contains("s_server", await CurlAsync("https", "www.example.com"), StringComparison.Ordinal);
            Assert.Equal("plain", await CurlAsync("http", "anything.example.org"));
            Assert.Equal("reached 42", await ssh.RunAsync(_port, "echo reached $((6*7))"));
        }

        // A megabyte through the port by ssh, which the relay carries after the examined bytes.
        Assert.Equal("1000000", await ssh.RunAsync(_port, "head -c 1000000 /dev/zero | wc -c"));
        await Eventually.TrueAsync(() => _host!.Tracker.Count == 0);
    }

    [RealServerFact("openssl")]
    public async Task RouteByName_PostgresDirectTls_ReachesTheServerOfItsName()
    {
        var (sales, others) = (await TlsAsync("sales.example.com", "-alpn", "postgresql"), await TlsAsync("others", "-alpn", "postgresql"));
        await StartAsync(
            ("sales", """ "Protocols": ["Postgres"], "ServerNames": ["sales.example.com"] """, sales),
            ("others", """ "Protocols": ["Postgres"] """, others)
        );

        var byName = await SubjectAsync("sales.example.com", "-alpn", "postgresql");
        Assert.Contains("subject=CN = sales.example.com", byName, StringComparison.Ordinal);
        Assert.Contains("ALPN protocol: postgresql", byName, StringComparison.Ordinal);
        Assert.Contains("subject=CN = others", await SubjectAsync("else.example.com", "-alpn", "postgresql"), StringComparison.Ordinal);

        // TLS without that application protocol is no PostgreSQL, and no route takes it.
        await Assert.ThrowsAsync<InvalidOperationException>(() => SubjectAsync("sales.example.com"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => SubjectAsync("sales.example.com", "-alpn", "h2"));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        foreach (var server in _servers)
        {
            server.Kill();
            await server.WaitForExitAsync();
            server.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartAsync(params (string Id, string Match, int Port)[] services)
    {
        var routes = services.Select(static one =>
            $$"""
                "{{one.Id}}": { "Match": { "Endpoints": ["edge"], {{one.Match}} }, "ClusterId": "{{one.Id}}" }
                """
        );
        var clusters = services.Select(static one =>
            $$"""
                "{{one.Id}}": { "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{one.Port}}" } } }
                """
        );
        _host = await TestHost.StartAsync(
            $$"""
            { "ReverseProxy": {
                "TcpEndpoints": { "edge": { "Address": "127.0.0.1:0" } },
                "TcpRoutes": { {{string.Join(", ", routes)}} },
                "Clusters": { {{string.Join(", ", clusters)}} } } }
            """
        );
        _port = $"{((IPEndPoint)_host.Address).Port}";
    }

    private Task<string> SubjectAsync(string name, params string[] more) =>
        Programs.RunAsync("openssl", "", ["s_client", "-connect", $"127.0.0.1:{_port}", "-servername", name, .. more]);

    private Task<string> CurlAsync(string scheme, string name) =>
        Programs.RunAsync(
            "curl",
            "",
            ["-sSk", "--noproxy", "*", "-m", "60", "--resolve", $"{name}:{_port}:127.0.0.1", $"{scheme}://{name}:{_port}/"]
        );

    private async Task<int> TlsAsync(string name, params string[] more)
    {
        var (port, key, certificate) = (Ports.Free(), Path.Combine(_folder, $"{name}.key"), Path.Combine(_folder, $"{name}.crt"));
        await Programs.RunAsync(
            "openssl",
            "",
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-subj", $"/CN={name}"]
        );
        return await ServeAsync(
            "openssl",
            port,
            ["s_server", "-accept", $"127.0.0.1:{port}", "-key", key, "-cert", certificate, "-quiet", .. more is [] ? ["-rev"] : more]
        );
    }

    private async Task<int> ServeAsync(string program, int port, string[] arguments)
    {
        var server = Programs.Start(program, arguments);
        _servers.Add(server);
        _ = server.StandardOutput.ReadToEndAsync(); // else it would block once the pipe is full
        await Programs.ListensAsync(port);
        return port;
    }
}
