using System.Net;
using Proxy.Host.Tests.Multiplexing;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Dashboard;

/// <summary>A host with a route of every mode, and what is behind them.</summary>
internal sealed class DashboardHost : IAsyncDisposable
{
    private readonly List<TcpServer> _servers;
    private readonly SimulatedDevice _device;
    private readonly int _port;
    private readonly string _admin;

    private DashboardHost(int port, string admin)
    {
        _port = port;
        _admin = admin;
        _servers = [new TcpServer("one"), new TcpServer("two")];
        _device = new SimulatedDevice(SimulatedDevice.Line) { OnMessage = AnswerAsync };
    }

    public TestHost Host { get; private set; } = null!;

    public Uri Url => Host.Urls[0];

    /// <summary>Lets the device answer, once for each permit.</summary>
    public SemaphoreSlim Answers { get; } = new(0);

    /// <param name="port">The port of the dashboard; 0 for one that is free.</param>
    /// <param name="admin">More keys of Admin.</param>
    public static async Task<DashboardHost> StartAsync(int port = 0, string admin = "\"AllowChanges\": true")
    {
        var found = new DashboardHost(port, admin);
        await found.StartHostAsync();
        return found;
    }

    public async Task StartHostAsync() => Host = await TestHost.StartAsync(Configuration());

    public EndPoint Address(string route) =>
        Host.AddressOf(
            route switch
            {
                "plain" => "127.0.0.1",
                "office" => "127.0.0.2",
                _ => "127.0.0.3",
            }
        );

    /// <summary>A client that has been greeted.</summary>
    public async Task<TcpClientSocket> ConnectAsync(string route = "plain")
    {
        var client = await TcpClientSocket.ConnectAsync(Address(route));
        if (route == "plain")
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
                  "plain": { "Listen": "127.0.0.1:0", "ClusterId": "two" },
                  "office": { "Listen": "127.0.0.2:0", "ClusterId": "one", "Mode": "Lock" },
                  {{more}}
                  "device": { "Listen": "127.0.0.3:0", "ClusterId": "device", "Mode": "Multiplex" }
                },
                "Routes": { "site": { "ClusterId": "site", "Match": { "Path": "{**path}" } } },
                "Clusters": {
                  "two": { "LoadBalancingPolicy": "FirstAlphabetical", "Destinations": {
                    "a": { "Address": "tcp://127.0.0.1:{{_servers[0].Port}}" },
                    "b": { "Address": "tcp://127.0.0.1:{{_servers[1].Port}}" } } },
                  "one": { "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{_servers[0].Port}}" } } },
                  "site": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } },
                  "device": {
                    "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{_device.Port}}" } },
                    "Multiplex": { "Protocol": "line" } }
                }
              }
            }
            """;

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
