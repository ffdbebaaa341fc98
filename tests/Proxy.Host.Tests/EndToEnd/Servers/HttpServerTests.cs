using System.Diagnostics;
using System.Net;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>HTTP/1.1 shared by the multiplexer: a real nginx, driven by curl.</summary>
public sealed class HttpServerTests : IDisposable
{
    private const int Large = 4_000_000; // below the framing's limit of 4 MiB
    private readonly string _folder = Directory.CreateTempSubdirectory("proxy-nginx").FullName;
    private string _url = "";

    [RealServerFact("nginx", "curl")]
    public Task Route_Http1_CurlKeepsItsConnectionAndEveryKindOfReplyPasses() =>
        DriveAsync(
            1000,
            async _ =>
            {
                // curl and the proxy each use one connection for all requests; nginx reports the number of its connection.
                var lines = (await CurlAsync("-w", "%{num_connects}\n", Url("/who?a"), Url("/who?b"), Url("/who?c"))).Split('\n');
                var replies = lines.Where(static (_, index) => index % 2 == 0).ToList();
                Assert.Equal(["/who?a", "/who?b", "/who?c"], replies.Select(Who));
                Assert.Equal(["1", "0", "0"], lines.Where(static (_, index) => index % 2 == 1));
                Assert.Single(replies.Select(Connection).Distinct());

                Assert.Contains(
                    $"Content-Length: {Large}",
                    await CurlAsync("-I", Url("/large"), "-I", Url("/large")),
                    StringComparison.Ordinal
                );
                Assert.Equal("204", await StatusAsync(Url("/none")));
                Assert.Equal("304", await StatusAsync("-z", Path.Combine(_folder, "www", "large"), Url("/large")));
                Assert.Equal("404", await StatusAsync(Url("/absent")));
                Assert.Equal(new string('x', Large), await CurlAsync(Url("/large")));
                Assert.Contains(
                    "Transfer-Encoding: chunked",
                    await CurlAsync("-i", "--raw", "--compressed", Url("/zip/large")),
                    StringComparison.Ordinal
                );
                Assert.Equal(new string('x', Large), await CurlAsync("--compressed", Url("/zip/large")));
                Assert.Equal(new string('x', Large), await CurlAsync("-0", "--compressed", Url("/zip/large"))); // the body ends with the connection
                Assert.Equal("/who?close", Who(await CurlAsync("-H", "Connection: close", Url("/who?close"))));
                Assert.Equal("once", await CurlAsync(Url("/once")));
            }
        );

    [RealServerFact("nginx", "curl")]
    public Task Route_Http1_BodiesPassByLengthAndInChunksAfterContinue() =>
        DriveAsync(
            1000,
            async _ =>
            {
                var file = Path.Combine(_folder, "www", "large");
                foreach (
                    var more in (string[][])
                        [
                            ["-H", "Expect: 100-continue"],
                            ["-H", "Expect:"],
                            ["-H", "Transfer-Encoding: chunked"],
                        ]
                )
                {
                    Assert.Equal("201", await StatusAsync([.. more, "-T", file, Url("/put")]));
                    Assert.Equal(new string('x', Large), await File.ReadAllTextAsync(Path.Combine(_folder, "www", "put")));
                    File.Delete(Path.Combine(_folder, "www", "put"));
                }
            }
        );

    [RealServerFact("nginx", "curl")]
    public Task Route_Http1_RefusedRequestsHaveAStatus() =>
        DriveAsync(
            1000,
            async server =>
            {
                Assert.Equal("400", await StatusAsync("-H", "Connection: Upgrade", "-H", "Upgrade: websocket", Url("/who")));
                server.Kill();
                await server.WaitForExitAsync();
                Assert.Equal("502", await StatusAsync(Url("/who")));
            }
        );

    [RealServerFact("nginx", "curl")]
    public Task Route_Http1_BodiesLongerThanTheMemoryOfMessages_Pass() =>
        DriveAsync(
            1000,
            async _ =>
            {
                var huge = Path.Combine(_folder, "www", "huge");
                await File.WriteAllTextAsync(huge, new string('x', 20_000_000));
                Assert.Equal("201", await StatusAsync("-T", huge, Url("/put")));
                Assert.Equal(20_000_000, new FileInfo(Path.Combine(_folder, "www", "put")).Length);
                Assert.Equal("200", await StatusAsync(Url("/huge")));
            }
        );

    [RealServerFact("nginx", "curl")]
    public Task Route_Http1_ManyCurlsAtOnceShareOneConnection() =>
        DriveAsync(100_000, async _ => Assert.Single((await AskAtOnceAsync()).Distinct()));

    [RealServerFact("nginx", "curl")]
    public Task Route_Http1ServerThatClosesEverySevenRequests_ManyCurlsAtOnceAreAllAnswered() =>
        DriveAsync(7, async _ => Assert.InRange((await AskAtOnceAsync()).Distinct().Count(), 300 / 7, 300));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Url(string path) => _url + path;

    private static string Who(string line) => line.Split(' ')[0];

    private static string Connection(string line) => line.Split(' ')[1];

    private static Task<string> CurlAsync(params string[] arguments) =>
        Programs.RunAsync("curl", "", ["-sS", "--noproxy", "*", "-m", "25", .. arguments]);

    private static Task<string> StatusAsync(params string[] arguments) =>
        CurlAsync(["-o", "/dev/null", "-w", "%{http_code}", .. arguments]);

    /// <summary>Sends 300 requests over many connections.</summary>
    /// <returns>The server's connections that were used for the answers.</returns>
    private async Task<List<string>> AskAtOnceAsync()
    {
        await CurlAsync("-Z", "--parallel-immediate", "--parallel-max", "40", "-o", Path.Combine(_folder, "answer#1"), Url("/who?[1-300]"));
        var answers = new List<string>();
        for (var number = 1; number <= 300; number++)
        {
            var answer = await File.ReadAllTextAsync(Path.Combine(_folder, $"answer{number}"));
            Assert.Equal($"/who?{number}", Who(answer));
            answers.Add(Connection(answer));
        }

        return answers;
    }

    private async Task DriveAsync(int requestsPerConnection, Func<Process, Task> drive)
    {
        var port = Ports.Free();
        Directory.CreateDirectory(Path.Combine(_folder, "www"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "www", "large"), new string('x', Large));
        await File.WriteAllTextAsync(Path.Combine(_folder, "nginx.conf"), Nginx(port, requestsPerConnection));
        using var server = Programs.Start("nginx", "-p", _folder, "-e", "stderr", "-c", Path.Combine(_folder, "nginx.conf"));
        try
        {
            await Programs.ListensAsync(port);
            await using var host = await TestHost.StartAsync(
                $$"""
                { "ReverseProxy": {
                    "TcpRoutes": { "h": { "Listen": "127.0.0.1:0", "ClusterId": "h", "Mode": "Multiplex" } },
                    "Clusters": { "h": {
                      "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{port}}" } },
                      "Multiplex": { "Protocol": "http1", "KeepUnused": "None" } } } } }
                """
            );
            _url = $"http://127.0.0.1:{((IPEndPoint)host.Address).Port}";
            await drive(server);
            await Eventually.TrueAsync(() => host.Tracker.Count == 0);
        }
        finally
        {
            server.Kill();
        }
    }

    private string Nginx(int port, int requestsPerConnection) =>
        $$"""
            daemon off; master_process off; pid {{_folder}}/pid; error_log stderr error;
            events { }
            http {
              access_log off; client_max_body_size 0; keepalive_requests {{requestsPerConnection}};
              client_body_temp_path {{_folder}}/1; proxy_temp_path {{_folder}}/2; fastcgi_temp_path {{_folder}}/3; uwsgi_temp_path {{_folder}}/4; scgi_temp_path {{_folder}}/5;
              gzip_http_version 1.0; gzip_types *; gzip_min_length 1;
              server {
                listen 127.0.0.1:{{port}};
                root {{_folder}}/www;
                location / { dav_methods PUT; }
                location /zip/ { alias {{_folder}}/www/; gzip on; }
                location /who { return 200 "$request_uri $connection\n"; }
                location /none { return 204; }
                location /once { keepalive_timeout 0; return 200 "once\n"; }
              }
            }
            """;
}
