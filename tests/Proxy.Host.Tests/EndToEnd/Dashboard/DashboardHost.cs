using System.Net;
using Proxy.Host.Tests.EndToEnd.Multiplexing;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Dashboard;

/// <summary>A host with a route of every mode, and the servers of those routes.</summary>
internal sealed class DashboardHost : IAsyncDisposable
{
    private readonly List<TcpServer> _servers;
    private readonly SimulatedDevice _device;
    private readonly int _port;
    private readonly string _admin;
    private readonly string _timeout;
    private readonly FakeFleet? _fleet;

    private DashboardHost(int port, string admin, int echoes, string timeout, FakeFleet? fleet)
    {
        _fleet = fleet;
        _port = port;
        _admin = admin;
        _timeout = timeout;
        _servers = [new TcpServer("one", 0, echoes), new TcpServer("two", 0, echoes)];
        _device = new SimulatedDevice(SimulatedDevice.Line) { OnMessage = AnswerAsync };
    }

    public TestHost Host { get; private set; } = null!;

    public Uri Url => Host.Urls[0];

    /// <summary>The device sends one answer for each permit that is released here.</summary>
    public SemaphoreSlim Answers { get; } = new(0);

    /// <param name="port">The port of the dashboard; 0 for any free port.</param>
    /// <param name="admin">Further keys of Admin.</param>
    /// <param name="echoes">How often the servers repeat what they receive.</param>
    /// <param name="timeout">How long the device may take for an answer.</param>
    /// <param name="fleet">The fleet that it is in; null for none.</param>
    public static async Task<DashboardHost> StartAsync(
        int port = 0,
        string admin = "\"AllowChanges\": true",
        int echoes = 1,
        string timeout = "00:01:00",
        FakeFleet? fleet = null
    )
    {
        var found = new DashboardHost(port, admin, echoes, timeout, fleet);
        await found.StartHostAsync();
        return found;
    }

    public async Task StartHostAsync() => Host = await TestHost.StartAsync(Configuration(), _fleet is null ? null : _fleet.AddTo);

    public EndPoint Address(string route) =>
        Host.AddressOf(
            route switch
            {
                "cache" => "127.0.0.1",
                "office" => "127.0.0.2",
                "mail" => "127.0.0.5",
                _ => "127.0.0.3",
            }
        );

    /// <summary>Connects a client, and for the route cache waits for the server's greeting.</summary>
    public async Task<TcpClientSocket> ConnectAsync(string route = "cache")
    {
        var client = await TcpClientSocket.ConnectAsync(Address(route));
        if (route == "cache")
        {
            Assert.NotEmpty((await client.ReadAsync())!);
        }

        return client;
    }

    public string Configuration(string more = "") =>
        $$"""
            {
              "Log": { "Access": { "Path": "/dev/null" } },
              "Admin": { "Url": "http://127.0.0.1:{{_port}}"{{(_admin.Length > 0 ? $", {_admin}" : "")}} },
              "ReverseProxy": {
                "TcpRoutes": {
                  "cache": { "Listen": "127.0.0.1:0", "ClusterId": "caches" },
                  "office": { "Listen": "127.0.0.2:0", "ClusterId": "office", "Mode": "Lock" },
                  {{more}}
                  "inverter": { "Listen": "127.0.0.3:0", "ClusterId": "inverter", "Mode": "Multiplex" }
                },
                "Routes": { "site": { "ClusterId": "site", "Match": { "Path": "{**path}" } } },
                "Clusters": {
                  "caches": { "LoadBalancingPolicy": "FirstAlphabetical", "Destinations": {
                    "a": { "Address": "tcp://127.0.0.1:{{_servers[0].Port}}" },
                    "b": { "Address": "tcp://127.0.0.1:{{_servers[1].Port}}" } } },
                  "office": { "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{_servers[0].Port}}" } } },
                  "mail": { "Destinations": { "a": { "Address": "tcp://127.0.0.1:1" } } },
                  "site": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } },
                  "inverter": {
                    "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{_device.Port}}" } },
                    "Multiplex": { "Protocol": "line", "ResponseTimeout": "{{_timeout}}" } }
                }
              }
            }
            """;

    /// <summary>Adds the route mail, whose destination refuses connections, and has clients fail there.</summary>
    public async Task FailAsync(int clients = 3)
    {
        await Host.EditAsync(
            Configuration(
                """
                "mail": { "Listen": "127.0.0.5:0", "ClusterId": "mail" },
                """
            )
        );
        for (var i = 0; i < clients; i++)
        {
            await FailOneAsync();
        }
    }

    /// <summary>Has one more client fail at the route mail.</summary>
    public async Task FailOneAsync()
    {
        using var client = await TcpClientSocket.ConnectAsync(Address("mail"));
        Assert.Null(await client.ReadAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await _device.DisposeAsync();
        _servers.ForEach(static server => server.Dispose());
        Answers.Dispose();
    }

    private async Task AnswerAsync(byte[] message, System.Net.Sockets.Socket socket)
    {
        await Answers.WaitAsync(Eventually.Limit);
        await socket.SendAsync(message);
    }
}
