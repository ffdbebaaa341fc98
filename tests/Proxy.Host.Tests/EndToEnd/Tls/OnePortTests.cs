using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Proxy.Host.Tests.EndToEnd.Handover;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

#pragma warning disable CA2025 // all tasks are awaited before what they use is disposed

namespace Proxy.Host.Tests.EndToEnd.Tls;

/// <summary>One port with TLS that is passed through, TLS that ends here, HTTPS and SSH, used by real clients of each at once.</summary>
public sealed class OnePortTests
{
    private const int Rounds = 3;

    [RealServerFact("openssl", "curl", "ssh", "sshd", "ssh-keygen")]
    public async Task Port_EveryKindOfClientAtOnce_EachReachesItsOwnServer()
    {
        using var files = await CertificateFiles.CreateAsync();
        await files.IssueAsync("server", "serverAuth", "DNS:mail.example.com,DNS:www.example.com,DNS:api.example.com,IP:127.0.0.1");
        await files.IssueAsync("registry", "serverAuth", "DNS:registry.example.com");
        await files.IssueAsync("client", "clientAuth", "DNS:client");
        using var mail = new TcpServer("hello");
        await using var site = await WebSite.StartAsync();
        await using var ssh = await SshServer.StartAsync();
        var registryPort = Ports.Free();
        using var registry = Programs.Start(
            "openssl",
            [
                "s_server",
                "-accept",
                $"127.0.0.1:{registryPort}",
                "-cert",
                files["registry.pem"],
                "-key",
                files["registry.key"],
                "-quiet",
                "-www",
            ]
        );
        try
        {
            await Programs.ListensAsync(registryPort);
            await using var host = await TestHost.StartAsync(Config(files, mail.Port, registryPort, ssh.Port, site));
            var port = $"{((IPEndPoint)host.Address).Port}";
            using var http = Http(files);
            Task<string> Curl(string name, params string[] more) =>
                Programs.RunAsync(
                    "curl",
                    "",
                    [
                        "-sSf",
                        "-m",
                        "60",
                        "--cacert",
                        files.Authority,
                        "--resolve",
                        $"{name}:{port}:127.0.0.1",
                        .. more,
                        $"https://{name}:{port}/",
                    ]
                );

            var clients = new Dictionary<string, Func<Task>>
            {
                ["passed through"] = async () => Assert.Contains("s_server", await Curl("registry.example.com"), StringComparison.Ordinal),
                ["terminated"] = async () => Assert.Contains("hello", await OpenSslAsync(files, port), StringComparison.Ordinal),
                ["HTTP/1.1"] = async () =>
                    Assert.Equal("1.1", await Curl("www.example.com", "--http1.1", "-o", "/dev/null", "-w", "%{http_version}")),
                ["HTTP/2"] = async () =>
                    Assert.Equal("2", await Curl("www.example.com", "--http2", "-o", "/dev/null", "-w", "%{http_version}")),
                ["client certificate"] = () => Curl("api.example.com", "--cert", files["client.pem"], "--key", files["client.key"]),
                ["no client certificate"] = () => Assert.ThrowsAsync<InvalidOperationException>(() => Curl("api.example.com")),
                ["ssh"] = async () => Assert.Equal("42", await ssh.RunAsync(port, "echo $((6*7))")),
                ["gRPC"] = () => CallGrpcAsync(http, port),
                ["WebSocket"] = () => EchoAsync(http, port),
            };
            var running = clients.Select(client => (client.Key, Task: RepeatAsync(client.Value))).ToList();
            foreach (var (name, task) in running)
            {
                var failure = await Record.ExceptionAsync(() => task.WaitAsync(Eventually.Limit));
                Assert.True(failure is null, $"{name}: {failure}");
            }

            http.Dispose();
            await Eventually.TrueAsync(() => host.Tracker.Count == 0);
        }
        finally
        {
            registry.Kill();
        }
    }

    private static async Task RepeatAsync(Func<Task> client)
    {
        for (var i = 0; i < Rounds; i++)
        {
            await client();
        }
    }

    private static string Config(CertificateFiles files, int mail, int registry, int ssh, WebSite site) =>
        $$"""
            { "ReverseProxy": {
                "TcpEndpoints": { "edge": { "Address": "127.0.0.1:0" } },
                "TcpRoutes": {
                  "registry": { "Match": { "Endpoints": ["edge"], "ServerNames": ["registry.example.com"] }, "ClusterId": "registry" },
                  "mail": { "Match": { "Endpoints": ["edge"], "ServerNames": ["mail.example.com"] }, "ClusterId": "mail",
                            "Tls": { "Certificate": {{files.Json("server")}} } },
                  "api": { "Match": { "Endpoints": ["edge"], "ServerNames": ["api.example.com"] }, "Mode": "Http",
                           "Tls": { "Certificate": {{files.Json("server")}}, "ClientCertificates": "Required",
                                    "ClientCertificateAuthority": "{{files.Authority}}" } },
                  "web": { "Match": { "Endpoints": ["edge"], "Protocols": ["Tls"] }, "Mode": "Http",
                           "Tls": { "Certificate": {{files.Json("server")}} } },
                  "ssh": { "Match": { "Endpoints": ["edge"], "Protocols": ["Ssh"] }, "ClusterId": "ssh" }
                },
                {{HandoverHost.Http1And2(site).TrimEnd()[..^1]}},
                  "registry": { "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{registry}}" } } },
                  "mail": { "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{mail}}" } } },
                  "ssh": { "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{ssh}}" } } }
                } } }
            """;

    private static HttpClient Http(CertificateFiles files) =>
        new(
            new SocketsHttpHandler
            {
                UseProxy = false,
                SslOptions = new SslClientAuthenticationOptions
                {
                    CertificateChainPolicy = new X509ChainPolicy
                    {
                        TrustMode = X509ChainTrustMode.CustomRootTrust,
                        CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(files.Authority) },
                        RevocationMode = X509RevocationMode.NoCheck,
                    },
                },
            }
        )
        {
            Timeout = Eventually.Limit,
        };

    private static async Task CallGrpcAsync(HttpClient http, string port)
    {
        var messages = Enumerable.Range(0, 50).Select(static number => new string('m', number * 100)).ToList();
        var (answers, status) = await GrpcEcho.CallAsync(http, new Uri($"https://127.0.0.1:{port}/grpc/Echo"), messages);
        Assert.Equal(messages, answers);
        Assert.Equal("0", status);
    }

    private static async Task EchoAsync(HttpClient http, string port)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"wss://127.0.0.1:{port}/ws"), http, limit.Token);
        var (sent, got) = (new byte[50_000], new byte[50_000]);
        Random.Shared.NextBytes(sent);
        await socket.SendAsync(sent, WebSocketMessageType.Binary, endOfMessage: true, limit.Token);
        for (var count = 0; count < got.Length; )
        {
            count += (await socket.ReceiveAsync(got.AsMemory(count), limit.Token)).Count;
        }

        Assert.Equal(sent, got);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
    }

    private static async Task<string> OpenSslAsync(CertificateFiles files, string port)
    {
        const string Client = "exec openssl s_client -servername mail.example.com -verify_return_error";
        var (exit, said) = await Programs.TalkAsync(
            "sh",
            ["-c", $"{Client} -connect 127.0.0.1:{port} -CAfile {files.Authority} 2>&1"],
            (static text => text.Contains("hello", StringComparison.Ordinal), "\n")
        );
        return exit == 0 ? said : throw new InvalidOperationException($"openssl ended with {exit}: {said}");
    }
}
