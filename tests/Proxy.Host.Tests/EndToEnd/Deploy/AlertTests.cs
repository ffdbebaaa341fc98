using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;
using Proxy.Multiplexing;
using Proxy.Tls.Termination;

namespace Proxy.Host.Tests.EndToEnd.Deploy;

/// <summary>Each fault is made, what /metrics says is recorded, and promtool sees the alert fire within five minutes of it.</summary>
public sealed class AlertTests : IAsyncLifetime
{
    private readonly int _admin = Ports.Free();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("alerts-");
    private readonly List<IDisposable> _open = [];
    private readonly Recording _recording;
    private TestHost? _host;

    public AlertTests() => _recording = new(new Uri($"http://127.0.0.1:{_admin}/metrics"));

    [RealServerFact("promtool")]
    public async Task Destination_KilledBehindActiveChecks_Fires()
    {
        using var server = new TcpServer("hello");
        await StartAsync(
            Routes(
                $$"""
                "c": { "HealthCheck": { "Active": { "Enabled": true, "Interval": "00:00:01", "Timeout": "00:00:01" } },
                       "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{server.Port}}" } } }
                """
            )
        );
        await ComeAsync();
        await _recording.ScrapeAsync();

        server.Dispose();
        await DownAsync(ConditionKind.Destination, "c/d");
        await RecordAsync();

        await _recording.FiresAsync("ProxyDestinationDown");
    }

    [RealServerFact("promtool")]
    public async Task Host_AllIsWell_NoAlertFires()
    {
        using var server = new TcpServer("hello");
        await StartAsync(Routes($$""" "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{server.Port}}" } } } """));
        await _recording.ScrapeAsync();

        await RecordAsync(ComeAsync);

        // Event loops and resources are those of the process, in which other tests run.
        await _recording.IsQuietAsync(except: "ProxyEventLoopHeld|ProxyResourceNearLimit");
    }

    [RealServerFact("promtool")]
    public async Task Destination_RefusesWithChecksOff_FiresForItAndItsRoute()
    {
        await StartAsync(Routes($$""" "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{Ports.Free()}}" } } } """));
        await _recording.ScrapeAsync();

        await DownAsync(ConditionKind.Destination, "c/d", ComeAsync);
        await RecordAsync(ComeAsync);

        await _recording.FiresAsync("ProxyDestinationDown");
        await _recording.FiresAsync("ProxyRouteFailing");
    }

    [RealServerFact("promtool")]
    public async Task Destination_TlsFails_FiresForItAndItsRoute()
    {
        using var server = new TcpServer("hello"); // speaks no TLS
        await StartAsync(
            Routes(
                $$""" "c": { "Tcp": { "Tls": { "AllowInvalid": true } }, "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{server.Port}}" } } } """
            )
        );
        await _recording.ScrapeAsync();

        await DownAsync(ConditionKind.Destination, "c/d", ComeAsync);
        await RecordAsync(ComeAsync);

        await _recording.FiresAsync("ProxyDestinationDown");
        await _recording.FiresAsync("ProxyRouteFailing");
    }

    [RealServerFact("promtool")]
    public async Task Host_ClientsFailTls_NoAlertFires()
    {
        using var server = new TcpServer("hello");
        using var files = new CertificateFolder();
        await StartAsync(
            Routes(
                $$""" "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{server.Port}}" } } } """,
                $$""", "Tls": { "Certificate": {{files.Issue("a")}} } """
            )
        );
        await _recording.ScrapeAsync();

        await RecordAsync(ComeAsync);

        await _recording.IsQuietAsync(except: "ProxyEventLoopHeld|ProxyResourceNearLimit");
    }

    [RealServerFact("promtool")]
    public async Task Endpoint_TlsHandshakesWait_Fires()
    {
        using var server = new TcpServer("hello");
        using var files = new CertificateFolder();
        await StartAsync(
            $$"""
            "ReverseProxy": {
              "TcpEndpoints": { "edge": { "Address": "127.0.0.1:0", "MaxConcurrentHandshakes": 1 } },
              "TcpRoutes": { "r": { "Match": { "Endpoints": ["edge"] }, "ClusterId": "c",
                "Tls": { "Certificate": {{files.Issue("a")}}, "HandshakeTimeout": "00:10:00" } } },
              "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{server.Port}}" } } } } }
            """
        );
        await _recording.ScrapeAsync();
        var hello = await HelloAsync();
        foreach (var _ in (int[])[1, 2])
        {
            var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            _open.Add(client);
            await client.ConnectAsync(_host!.Address);
            await client.SendAsync(hello); // and nothing more: the handshake stalls
        }

        var gate = _host!.Services.GetRequiredService<HandshakeGates>().Of("edge");
        await Eventually.TrueAsync(() => gate.Count == (1, 1));
        await RecordAsync();

        await _recording.FiresAsync("ProxyTlsHandshakesWait");
    }

    // What a client begins its handshake with.
    private static async Task<byte[]> HelloAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var dialed = new TcpClient();
        await dialed.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var accepted = await listener.AcceptSocketAsync();
        await using var tls = new SslStream(dialed.GetStream());
        var shaking = tls.AuthenticateAsClientAsync("a");
        var buffer = new byte[4096];
        var count = await accepted.ReceiveAsync(buffer);
        accepted.Close();
        await Assert.ThrowsAnyAsync<IOException>(() => shaking);
        return buffer[..count];
    }

    [RealServerFact("promtool")]
    public async Task Upstream_ResetsEverybody_Fires()
    {
        using var resetting = new Resetting();
        await StartAsync(Routes($$""" "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{resetting.Port}}" } } } """));
        await _recording.ScrapeAsync();

        await DownAsync(ConditionKind.Destination, "c/d", ComeAsync);
        await RecordAsync(ComeAsync);

        await _recording.FiresAsync("ProxyUpstreamResets");
        await _recording.FiresAsync("ProxyRouteFailing");
    }

    [RealServerFact("promtool")]
    public async Task Device_AcceptsAndIsMute_Fires()
    {
        using var mute = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        mute.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        mute.Listen(); // the kernel accepts
        await StartAsync(
            Routes(
                $$"""
                "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{((IPEndPoint)mute.LocalEndPoint!).Port}}" } },
                       "Multiplex": { "Protocol": "modbus-tcp", "ResponseTimeout": "00:00:00.200", "RetryDelay": "00:00:00.100" } }
                """,
                """, "Mode": "Multiplex" """
            )
        );
        await _recording.ScrapeAsync();
        var register = 0;

        await RecordAsync(async () =>
        {
            for (var i = 0; i < 3; i++)
            {
                await AskAsync(register++);
            }
        });
        await DownAsync(ConditionKind.Device, "c/d");
        await _recording.ScrapeAsync();

        await DownAsync(ConditionKind.Route, "r");
        await _recording.FiresAsync("ProxyDeviceDown");
        await _recording.FiresAsync("ProxyRouteFailing");
        await _recording.FiresAsync("ProxyDeviceSuspended");
    }

    [RealServerFact("promtool")]
    public async Task Device_QueueIsFull_Fires()
    {
        using var mute = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        mute.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        mute.Listen(); // the kernel accepts
        await StartAsync(
            Routes(
                $$"""
                "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{((IPEndPoint)mute.LocalEndPoint!).Port}}" } },
                       "Multiplex": { "Protocol": "modbus-tcp", "ResponseTimeout": "00:10:00" } }
                """,
                """, "Mode": "Multiplex", "Multiplex": { "QueueTimeout": "00:10:00", "QueueLimit": 1 } """
            )
        );
        await _recording.ScrapeAsync();
        var sessions = _host!.Services.GetRequiredService<MultiplexRegistry>();
        await AskAsync(0, answer: null);
        await Eventually.TrueAsync(() => sessions.Find("c", "d") is { Queued: 0, Upstreams: [{ InFlight: 1 }] });
        await AskAsync(1, answer: null);
        await Eventually.TrueAsync(() => sessions.Find("c", "d") is { Queued: 1 });
        var register = 2;

        await RecordAsync(() => AskAsync(register++, answer: 0x06)); // busy

        await _recording.FiresAsync("ProxyDeviceQueueFull");
    }

    [RealServerFact("promtool")]
    public async Task Lock_CannotReachItsServer_Fires()
    {
        await StartAsync(
            Routes($$""" "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{Ports.Free()}}" } } } """, """, "Mode": "Lock" """)
        );
        await _recording.ScrapeAsync();

        await DownAsync(ConditionKind.Lock, "r", ComeAsync);
        await RecordAsync(ComeAsync);

        await _recording.FiresAsync("ProxyLockDown");
    }

    [RealServerFact("promtool")]
    public async Task Lock_FullAndWaitingLong_Fires()
    {
        using var server = new TcpServer("");
        await StartAsync(
            Routes(
                $$""" "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{server.Port}}" } } } """,
                """, "Mode": "Lock", "Lock": { "QueueLimit": 1 } """
            )
        );
        await _recording.ScrapeAsync();
        await ConnectAsync(); // holds the permit
        await ConnectAsync(); // waits
        await WrongAsync(ConditionKind.Lock, "r", ConditionLevel.Degraded);

        await RecordAsync(ComeAsync);

        await _recording.FiresAsync("ProxyQueueFull");
        await _recording.FiresAsync("ProxyLockStuck");
        await _recording.FiresAsync("ProxyLockWaitsLong");
    }

    [RealServerFact("promtool")]
    public async Task Limit_RefusesClients_Fires()
    {
        using var server = new TcpServer("");
        await StartAsync(
            Routes(
                $$""" "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{server.Port}}" } } } """,
                """, "Limits": { "MaxConnections": 1 } """
            )
        );
        await ConnectAsync(); // has the only place
        await _recording.ScrapeAsync();

        await RecordAsync(ComeAsync);

        await _recording.FiresAsync("ProxyLimitReached");
    }

    [RealServerFact("promtool")]
    public async Task Endpoint_RefusesClients_Fires()
    {
        using var server = new TcpServer("");
        await StartAsync(
            $$"""
            "ReverseProxy": {
              "TcpEndpoints": { "edge": { "Address": "127.0.0.1:0", "MaxConnections": 1 } },
              "TcpRoutes": { "r": { "Match": { "Endpoints": ["edge"] }, "ClusterId": "c" } },
              "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{server.Port}}" } } } } }
            """
        );
        await ConnectAsync(); // has the only place
        await _recording.ScrapeAsync();

        await RecordAsync(ComeAsync);

        await _recording.FiresAsync("ProxyLimitReached");
    }

    [RealServerFact("promtool")]
    public async Task HttpRoute_Answers502_Fires()
    {
        var port = Ports.Free();
        await StartAsync(
            $$"""
            "Kestrel": { "Endpoints": { "web": { "Url": "http://127.0.0.1:{{port}}" } } },
            "ReverseProxy": { "Routes": { "h": { "ClusterId": "w", "Match": { "Path": "/{**x}" } } },
              "Clusters": { "w": { "Destinations": { "d": { "Address": "http://127.0.0.1:{{Ports.Free()}}" } } } } }
            """
        );
        using var http = new HttpClient();
        await _recording.ScrapeAsync();

        async Task AskAsync()
        {
            using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/"));
            Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        }

        await DownAsync(ConditionKind.Route, "h", AskAsync);
        await DownAsync(ConditionKind.Destination, "w/d", AskAsync);
        await RecordAsync(AskAsync);

        await _recording.FiresAsync("ProxyHttpServerErrors");
        await _recording.FiresAsync("ProxyRouteFailing");
        await _recording.FiresAsync("ProxyDestinationDown");
    }

    [RealServerFact("promtool")]
    public Task Certificate_NearItsEnd_Fires() =>
        FiresAsync(static pair =>
            $$"""
                "Kestrel": { "Endpoints": { "web": { "Url": "https://127.0.0.1:{{Ports.Free()}}", "Certificate": {{pair}} } } }, "ReverseProxy": { }
                """
        );

    [RealServerFact("promtool")]
    public Task CertificateOfARoute_NearItsEnd_Fires() =>
        FiresAsync(static pair =>
            $$"""
                "ReverseProxy": { "TcpRoutes": { "r": { "Listen": "127.0.0.1:{{Ports.Free()}}", "ClusterId": "c", "Tls": { "Certificate": {{pair}} } } },
                  "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } } } }
                """
        );

    private async Task FiresAsync(Func<string, string> document)
    {
        using var good = new TcpServer("hello");
        await StartAsync(Routes($$""" "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{good.Port}}" } } } """));
        await _recording.ScrapeAsync();
        await _host!.DisposeAsync();

        var (certificate, key) = (Path.Combine(_folder.FullName, "a.crt"), Path.Combine(_folder.FullName, "a.key"));
        using (var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        {
            var now = TimeProvider.System.GetUtcNow();
            using var issued = new CertificateRequest("CN=a", ec, HashAlgorithmName.SHA256).CreateSelfSigned(
                now.AddDays(-360),
                now.AddDays(5)
            );
            await File.WriteAllTextAsync(certificate, issued.ExportCertificatePem());
            await File.WriteAllTextAsync(key, ec.ExportPkcs8PrivateKeyPem());
        }

        var pair = JsonSerializer.Serialize(new { Path = certificate, KeyPath = key });
        await StartAsync(document(pair));
        await RecordAsync();

        await _recording.FiresAsync("ProxyCertificateEnds");
    }

    [RealServerFact("promtool")]
    public async Task Configuration_Rejected_Fires()
    {
        using var server = new TcpServer("hello");
        await StartAsync(Routes($$""" "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{server.Port}}" } } } """));
        await _recording.ScrapeAsync();

        await _host!.WriteAsync("""{ "ReverseProxy": { "TcpRoutes": { "r": { "Listen": "nowhere", "ClusterId": "c" } } } }""");
        await Eventually.TrueAsync(() => _host.Status.Rejected.Count > 0);
        await RecordAsync();

        await _recording.FiresAsync("ProxyConfigurationRejected");
    }

    [RealServerFact("promtool")]
    public async Task Member_Killed_Fires()
    {
        var (exit, _, error) = await ProxyProcess.RunAsync("certificates", "--folder", _folder.FullName, "A_1", "A_2");
        Assert.True(exit == 0, error);
        int[] tunnels = [Ports.Free(), Ports.Free()];
        var other = Path.Combine(_folder.FullName, "b.json");
        await File.WriteAllTextAsync(other, $"{{ {Channels(1, tunnels)} }}");
        using var process = new ProxyProcess("", "--config", other);
        await StartAsync(Channels(0, tunnels));
        await WrongAsync(ConditionKind.Member, "A_2", ConditionLevel.Ok);
        await _recording.ScrapeAsync();

        process.Kill();
        await DownAsync(ConditionKind.Member, "A_2");
        await RecordAsync();

        await _recording.FiresAsync("ProxyMemberLost");
    }

    [RealServerFact("promtool")]
    public async Task Descriptors_UsedUp_AcceptingPausesAndItFires()
    {
        using var server = new TcpServer("hello");
        var file = Path.Combine(_folder.FullName, "proxy.json");
        var content = Routes($$""" "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{server.Port}}" } } } """);
        await File.WriteAllTextAsync(file, $$"""{ "Admin": { "Url": "http://127.0.0.1:{{_admin}}" }, {{content}} }""");
        using var process = new ProxyProcess("ulimit -n 1000;", "--config", file);
        var port = await process.PortAsync();
        await Programs.ListensAsync(_admin);
        await _recording.ScrapeAsync();

        // Each takes two descriptors, so half of them use up all; the rest stays in the kernel's queue, which is longer than that.
        for (var i = 0; i < 800 && !IsPaused(); i++)
        {
            _open.Add(await TcpClientSocket.ConnectAsync(port));
        }

        bool IsPaused() => process.Errors.Contains("accepting failed and pauses", StringComparison.Ordinal);

        await Eventually.TrueAsync(IsPaused);
        await RecordAsync();

        await _recording.FiresAsync("ProxyAcceptingPaused");
        await _recording.FiresAsync("ProxyResourceNearLimit");
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _open.ForEach(static one => one.Dispose());
        _recording.Dispose();
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private static string Routes(string cluster, string route = "") =>
        $$"""
            "ReverseProxy": { "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c" {{route}} } }, "Clusters": { {{cluster}} } }
            """;

    private string Channels(int at, int[] tunnels) =>
        $$"""
            "Channels": {
              "Group": "dev", "Instance": { "Id": "A_{{at + 1}}" },
              "Tunnel": {
                "Url": "https://127.0.0.1:{{tunnels[at]}}", "Advertise": "127.0.0.1:{{tunnels[at]}}",
                "Certificate": { "Path": "{{_folder.FullName}}/A_{{at + 1}}.crt", "KeyPath": "{{_folder.FullName}}/A_{{at + 1}}.key" },
                "TrustBundle": "{{_folder.FullName}}/ca.crt", "TrustDomain": "example.org" },
              "Loopback": { "StateFile": "{{_folder.FullName}}/state{{at}}.json" },
              "Membership": { "Members": { "A_1": { "Address": "127.0.0.1:{{tunnels[0]}}" }, "A_2": { "Address": "127.0.0.1:{{tunnels[
                1
            ]}}" } } },
              "Items": { } }
            """;

    [RealServerFact("promtool")]
    public async Task Fleet_InstanceIsTakenOrDocumentIsOld_EachFires()
    {
        using var server = new TcpServer("hello");
        var fleet = new FakeFleet();
        await StartAsync(Routes($$""" "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{server.Port}}" } } } """), fleet.AddTo);
        await _recording.ScrapeAsync();

        fleet.Current = new()
        {
            Hosts =
            [
                new(fleet.Instance, "e")
                {
                    Behind = ["etcd:edge"],
                    BehindSince = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(6),
                },
            ],
        };
        await RecordAsync();
        await _recording.FiresAsync("ProxyFleetDocumentDiffers");

        fleet.Rival = new("another", TimeProvider.System.GetUtcNow());
        await DownAsync(ConditionKind.Fleet, fleet.Instance);
        await RecordAsync();
        await _recording.FiresAsync("ProxyFleetInstanceTaken");
    }

    private async Task StartAsync(string content, Action<IServiceCollection>? adds = null) =>
        _host = await TestHost.StartAsync($$"""{ "Admin": { "Url": "http://127.0.0.1:{{_admin}}" }, {{content}} }""", adds);

    /// <summary>Records the fault, three times with what happens in between.</summary>
    private async Task RecordAsync(Func<Task>? between = null)
    {
        for (var i = 0; i < 3; i++)
        {
            await (between?.Invoke() ?? Task.CompletedTask);
            await Task.Delay(TimeSpan.FromMilliseconds(350), TimeProvider.System); // longer than a collection is used again, which is 300 ms by a finer clock
            await _recording.ScrapeAsync();
        }
    }

    private Task DownAsync(ConditionKind kind, string id) => WrongAsync(kind, id, ConditionLevel.Down);

    /// <summary>Waits until something is down by what happens before each look, since a condition of the last minute does not last.</summary>
    private Task DownAsync(ConditionKind kind, string id, Func<Task> before) =>
        Eventually.TrueAsync(async () =>
        {
            await before();
            return Is(kind, id, ConditionLevel.Down);
        });

    private Task WrongAsync(ConditionKind kind, string id, ConditionLevel level) => Eventually.TrueAsync(() => Is(kind, id, level));

    private bool Is(ConditionKind kind, string id, ConditionLevel level) =>
        _host!.Services.GetRequiredService<ConditionRegistry>().Read().Any(one => one.Kind == kind && one.Id == id && one.Level == level);

    private async Task ConnectAsync()
    {
        var before = _host!.Tracker.Count;
        _open.Add(await TcpClientSocket.ConnectAsync(_host.Address));
        await Eventually.TrueAsync(() => _host.Tracker.Count > before);
    }

    /// <summary>A client that comes, says something and sees how it ends.</summary>
    private async Task ComeAsync()
    {
        var open = _host!.Tracker.Count;
        try
        {
            using var client = await TcpClientSocket.ConnectAsync(_host.Address);
            await client.SendAsync("hello");
            await client.ReadAsync();
        }
        catch (SocketException)
        {
            // It may see the reset first.
        }

        await Eventually.TrueAsync(() => _host.Tracker.Count == open);
    }

    /// <summary>Sends a request and reads the exception that answers it. If there is none to come, the client stays.</summary>
    private async Task AskAsync(int register, byte? answer = 0x0B)
    {
        var client = new TcpClient();
        _open.Add(client);
        await client.ConnectAsync((IPEndPoint)_host!.Address);
        var stream = client.GetStream();
        await stream.WriteAsync(Convert.FromHexString($"0001000000060103{register.ToString("X4", CultureInfo.InvariantCulture)}0001"));
        if (answer is { } expected)
        {
            var reply = new byte[9];
            using var limit = new CancellationTokenSource(Eventually.Limit);
            await stream.ReadExactlyAsync(reply, limit.Token);
            Assert.Equal(expected, reply[8]);
            client.Dispose();
        }
    }

    /// <summary>An upstream that takes the first bytes of each connection and resets it.</summary>
    private sealed class Resetting : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        public Resetting()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen();
            Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
            _ = ResetAsync();
        }

        public int Port { get; }

        public void Dispose() => _listener.Dispose();

        private async Task ResetAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await _listener.AcceptAsync();
                    client.LingerState = new(true, 0);
                    await client.ReceiveAsync(new byte[16]);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }
    }
}
