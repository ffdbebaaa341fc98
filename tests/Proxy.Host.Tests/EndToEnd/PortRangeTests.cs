using System.Net;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd;

/// <summary>Ranges of ports that map one to one.</summary>
public sealed class PortRangeTests
{
    private const int Count = 4;

    [Theory]
    [InlineData("Sockets", "Forward")]
    [InlineData("Auto", "Forward")]
    [InlineData("Auto", "Lock")]
    public async Task Run_EachPort_ReachesItsOwn(string transport, string mode)
    {
        var (listen, first) = (Ports.FreeRange(Count), Ports.FreeRange(Count));
        var servers = Enumerable.Range(0, Count).Select(i => new TcpServer($"port {i}", first + i)).ToList();
        await using var host = await TestHost.StartAsync(Document(transport, mode, listen, first));

        for (var i = Count - 1; i >= 0; i--)
        {
            Assert.Equal($"port {i}", await GreetAsync(listen + i));
        }

        // Another range whose ports are partly the same: what they stand for has moved.
        await host.EditAsync(Document(transport, mode, listen + 1, first, Count - 1));
        Assert.Equal("port 0", await GreetAsync(listen + 1));
        Assert.Equal("port 2", await GreetAsync(listen + 3));
        servers.ForEach(static server => server.Dispose());
    }

    private static async Task<string?> GreetAsync(int port)
    {
        using var client = await TcpClientSocket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        return await client.ReadAsync();
    }

    private static string Document(string transport, string mode, int listen, int first, int count = Count) =>
        $$"""
            { "Transport": { "Kind": "{{transport}}" },
              "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:{{listen}}-{{listen
                + count
                - 1}}", "ClusterId": "c", "Mode": "{{mode}}", "IdleTimeout": "00:01:00" } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://localhost:{{first}}-{{first + count - 1}}" } } } } } }
            """;
}
