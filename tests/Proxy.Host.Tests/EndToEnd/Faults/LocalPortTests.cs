using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Faults;

/// <summary>
/// A host with so few local ports that those towards one destination are all in use. Runs alone, as all tests that create namespaces do: one of them takes the
/// name of the next.
/// </summary>
[Collection(Alone.Name)]
public sealed class LocalPortTests : IDisposable
{
    private const int Proxy = 1;
    private const int Others = 2;
    private const int Ports = 20;
    private const int Full = 9001;
    private const int Other = 9002;

    private readonly string _file = Path.GetTempFileName();

    [NetworkNamespaceFact("sysctl")]
    public Task Dial_NoLocalPortLeft_Epoll_SaysSoAndOtherDestinationsGoOn() => RunAsync("Auto");

    [NetworkNamespaceFact("sysctl")]
    public Task Dial_NoLocalPortLeft_Sockets_SaysSoAndOtherDestinationsGoOn() => RunAsync("Sockets");

    public void Dispose() => File.Delete(_file);

    private async Task RunAsync(string transport)
    {
        await using var hosts = await NetworkNamespaces.CreateAsync(2);
        var range = $"net.ipv4.ip_local_port_range=40000 {40000 + Ports - 1}";
        await hosts.TryRunAsync(Proxy, "sysctl", "-w", range);
        using var full = await ServeAsync(hosts, Full);
        using var other = await ServeAsync(hosts, Other);
        await File.WriteAllTextAsync(_file, Config(transport));
        using var process = new ProxyProcess(hosts.Shell(Proxy), "--config", _file);
        await process.PortAsync("0.0.0.0:8002");

        var answers = new List<string?>();
        var clients = new List<Socket>();
        for (var i = 0; i < Ports + 5; i++)
        {
            var (client, answer) = await AskAsync(hosts, 8001);
            clients.Add(client);
            answers.Add(answer);
        }

        Assert.Equal([.. Enumerable.Repeat("hello", Ports), .. Enumerable.Repeat<string?>(null, 5)], answers);
        var (another, greeting) = await AskAsync(hosts, 8002);
        clients.Add(another);
        Assert.Equal("hello", greeting);

        await Eventually.TrueAsync(() =>
            process.Errors.Contains($"no local port is left towards {Address(Full)}", StringComparison.Ordinal)
        );
        Assert.DoesNotContain("Unhealthy", process.Errors, StringComparison.Ordinal);
        var metrics = await ScrapeAsync(hosts);
        Assert.Matches("(?m)^proxy_connections_total{.*ConnectFailed.*} 5$", metrics);
        Assert.Matches("(?m)^proxy_dial_no_local_port_total{.*} 5$", metrics);

        full.LetGo();
        clients.ForEach(static client => client.Dispose());
        await Eventually.TrueAsync(async () =>
        {
            var (client, answer) = await AskAsync(hosts, 8001);
            client.Dispose();
            return answer == "hello";
        });
    }

    private static IPEndPoint Address(int port) => new(IPAddress.Parse(NetworkNamespaces.Address(Others)), port);

    private static Task<Kept> ServeAsync(NetworkNamespaces hosts, int port) => hosts.InAsync(Others, () => new Kept(Address(port)));

    // A client that is refused may be reset before it knows that it is connected.
    private static async Task<(Socket Client, string? Answer)> AskAsync(NetworkNamespaces hosts, int port)
    {
        var client = await hosts.InAsync(Others, static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        var buffer = new byte[100];
        try
        {
            await client.ConnectAsync(IPAddress.Parse(NetworkNamespaces.Address(Proxy)), port);
            var count = await client.ReceiveAsync(buffer).WaitAsync(Eventually.Limit);
            return (client, Encoding.ASCII.GetString(buffer, 0, count));
        }
        catch (SocketException)
        {
            return (client, null);
        }
    }

    // The admin endpoint starts after the routes.
    private static async Task<string> ScrapeAsync(NetworkNamespaces hosts)
    {
        var page = "";
        await Eventually.TrueAsync(async () =>
        {
            page = await hosts.TryRunAsync(Proxy, "curl", "-s", "--noproxy", "*", "http://127.0.0.1:8009/metrics");
            return page.Length > 0;
        });
        return page;
    }

    private static string Config(string transport) =>
        $$"""
            { "Transport": { "Kind": "{{transport}}" },
              "Admin": { "Url": "http://127.0.0.1:8009" },
              "ReverseProxy": {
                "TcpRoutes": {
                  "full": { "Listen": "0.0.0.0:8001", "ClusterId": "full" },
                  "other": { "Listen": "0.0.0.0:8002", "ClusterId": "other" } },
                "Clusters": {
                  "full": {
                    "HealthCheck": { "Passive": { "Enabled": true, "Policy": "ConnectFailures" } },
                    "Tcp": { "ConnectAttempts": 1 },
                    "Destinations": { "d": { "Address": "tcp://{{Address(Full)}}" } } },
                  "other": { "Destinations": { "d": { "Address": "tcp://{{Address(Other)}}" } } } } } }
            """;
}
