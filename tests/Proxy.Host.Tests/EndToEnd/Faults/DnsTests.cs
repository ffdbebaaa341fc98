using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Faults;

/// <summary>
/// A host whose DNS hangs for some names, for all of them for a while, and has a thousand addresses of another. Runs alone, because the names that are found have
/// to be found within seconds.
/// </summary>
[Collection(Alone.Name)]
public sealed class DnsTests : IDisposable
{
    private const int Host = 1;
    private const int Hanging = 20; // fewer than the threads that look names up, and more than the thread pool of two processors has

    private readonly string _folder = Directory.CreateTempSubdirectory("proxy-dns-").FullName;
    private string? _etc;

    [NetworkNamespaceFact("dnsmasq", "curl")]
    public async Task Dial_NamesHangFlapAndHaveAThousandAddresses_OtherNamesAndTheAdminAddressAreServed()
    {
        await using var hosts = await NetworkNamespaces.CreateAsync(1);
        using var silent = await hosts.InAsync(Host, Silent);
        using var server = await hosts.InAsync(Host, static () => new TcpServer("hello", new IPEndPoint(IPAddress.Any, 9001)));
        var dns = await StartDnsAsync(hosts);
        await File.WriteAllTextAsync($"{_folder}/proxy.json", Config());
        using var process = new ProxyProcess(hosts.Shell(Host), "--config", $"{_folder}/proxy.json");
        await process.PortAsync("127.0.0.1:8003");

        await Eventually.TrueAsync(() => IsLiveAsync(hosts));

        // Hanging names take no thread that others need, be they of TCP or of HTTP.
        var hanging = new List<Task>();
        for (var i = 0; i < Hanging; i++)
        {
            hanging.Add(hosts.TryRunAsync(Host, "curl", "-s", "--noproxy", "*", "-m", "60", $"http://127.0.0.1:8000/{i}"));
        }

        Assert.Equal("hello", await AskAsync(hosts, 8001));
        Assert.True(await IsLiveAsync(hosts));
        Assert.Null(await AskAsync(hosts, 8003));
        await Eventually.TrueAsync(() => process.Errors.Contains("The name was not resolved within 00:00:01", StringComparison.Ordinal));

        // A thousand addresses, all of which answer.
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("hello", await AskAsync(hosts, 8002));
        }

        // DNS that hangs altogether: what is known stays in use, also after its time.
        await NetworkNamespaces.SignalAsync(dns, "STOP");
        await Task.Delay(TimeSpan.FromSeconds(1.5), TimeProvider.System); // DnsRefresh
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("hello", await AskAsync(hosts, 8001));
        }

        await NetworkNamespaces.SignalAsync(dns, "CONT");
        await Eventually.TrueAsync(async () => await AskAsync(hosts, 8004) == "hello");
        await Task.WhenAll(hanging).WaitAsync(Eventually.Limit);
    }

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        if (_etc is not null)
        {
            Directory.Delete(_etc, recursive: true);
        }
    }

    private static Socket Silent()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.9"), 5353));
        return socket;
    }

    private static async Task<string?> AskAsync(NetworkNamespaces hosts, int port)
    {
        using var socket = await hosts.InAsync(
            Host,
            static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        );
        var buffer = new byte[100];
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer).WaitAsync(Eventually.Limit));
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static async Task<bool> IsLiveAsync(NetworkNamespaces hosts) =>
        (await hosts.TryRunAsync(Host, "curl", "-sf", "-m", "20", "--noproxy", "*", "http://127.0.0.1:8009/healthz/live")).Length > 0;

    private async Task<System.Diagnostics.Process> StartDnsAsync(NetworkNamespaces hosts)
    {
        _etc = hosts.Etc(Host);
        Directory.CreateDirectory(_etc);
        await File.WriteAllTextAsync($"{_etc}/resolv.conf", "nameserver 127.0.0.53\noptions timeout:2 attempts:1\n");
        await File.WriteAllLinesAsync(
            $"{_folder}/hosts",
            Enumerable
                .Range(0, 1000)
                .Select(static i => string.Create(CultureInfo.InvariantCulture, $"127.1.{i / 250}.{(i % 250) + 1} many.test"))
        );
        string[] options =
        [
            "-k",
            "-C",
            "/dev/null",
            "-a",
            "127.0.0.53",
            "-z",
            "-R",
            "-h",
            "--pid-file=",
            "--user=",
            "--group=",
            "-2",
            "lo",
        ];
        var dns = hosts.Start(
            Host,
            "dnsmasq",
            [
                .. options,
                $"--addn-hosts={_folder}/hosts",
                "--host-record=quick.test,127.0.0.1",
                "--host-record=later.test,127.0.0.1",
                "--server=/hangs.test/127.0.0.9#5353",
            ]
        );
        await Eventually.TrueAsync(async () =>
            (await hosts.TryRunAsync(Host, "getent", "ahosts", "quick.test")).Contains("127.0.0.1", StringComparison.Ordinal)
        );
        return dns;
    }

    private static string Config()
    {
        var numbers = Enumerable.Range(0, Hanging).ToList();
        var routes = numbers.Select(static i => $$""" "r{{i}}": { "ClusterId": "c{{i}}", "Match": { "Path": "/{{i}}" } } """);
        var clusters = numbers.Select(static i =>
            $$""" "c{{i}}": { "Destinations": { "d": { "Address": "http://n{{i}}.hangs.test:9001" } } } """
        );
        return $$"""
            { "Admin": { "Url": "http://127.0.0.1:8009" },
              "Kestrel": { "Endpoints": { "web": { "Url": "http://127.0.0.1:8000" } } },
              "ReverseProxy": {
                "TcpRoutes": {
                  "quick": { "Listen": "127.0.0.1:8001", "ClusterId": "quick" },
                  "many": { "Listen": "127.0.0.1:8002", "ClusterId": "many" },
                  "hangs": { "Listen": "127.0.0.1:8003", "ClusterId": "hangs" },
                  "later": { "Listen": "127.0.0.1:8004", "ClusterId": "later" } },
                "Routes": { {{string.Join(',', routes)}} },
                "Clusters": {
                  {{Cluster("quick", "quick.test")}}, {{Cluster("many", "many.test")}}, {{Cluster("later", "later.test")}},
                  {{Cluster("hangs", "tcp.hangs.test", ", \"ConnectTimeout\": \"00:00:01\", \"ConnectAttempts\": 1")}},
                  {{string.Join(',', clusters)}} } } }
            """;
    }

    private static string Cluster(string id, string name, string more = "") =>
        $$"""
            "{{id}}": { "Tcp": { "DnsRefresh": "00:00:01"{{more}} }, "Destinations": { "d": { "Address": "tcp://{{name}}:9001" } } }
            """;
}
