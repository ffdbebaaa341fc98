using System.Net;
using System.Net.Sockets;
using Proxy.Host.Tests.EndToEnd.Multiplexing;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Demo;

/// <summary>The shipped configuration with clients of the demo's Modbus device. Runs alone, because the demo's ports are fixed.</summary>
[Collection(Alone.Name)]
public sealed class DemoModbusDeviceTests
{
    [Fact]
    public async Task Run_ShippedFile_ClientsShareADeviceThatAllowsOneConnection()
    {
        await using var demo = await Example.StartAsync(
            "proxy.json",
            ["greeter", "one-by-one", "meter"],
            new() { ["Kestrel:Endpoints:Http:Url"] = "http://127.0.0.1:0", ["Admin:Url"] = "http://127.0.0.1:0" }
        );
        var clients = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => demo.ConnectAsync("meter")));

        var answers = await Task.WhenAll(clients.Select(static (client, i) => WriteAndReadAsync(client, (byte)i)));

        Assert.Equal(Enumerable.Range(0, clients.Length).Select(static i => i + 100), answers);
        // Input register 1 counts connections: there was only one.
        Assert.Equal([0, 9, 0, 0, 0, 5, 1, 4, 2, 0, 1], await Example.AskAsync(clients[0], [0, 9, 0, 0, 0, 6, 1, 4, 0, 1, 0, 1], 11));
        using var direct = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await direct.ConnectAsync(new IPEndPoint(IPAddress.Loopback, 17004));
        Assert.Empty(await Example.ReadAsync(direct, 1)); // while the proxy is connected, the device closes other connections
        Array.ForEach(clients, static client => client.Dispose());
    }

    // Each client uses a different register.
    private static async Task<int> WriteAndReadAsync(Socket client, byte number)
    {
        byte[] write = [0, number, 0, 0, 0, 6, 1, 6, 0, number, 0, (byte)(number + 100)];
        Assert.Equal(write, await Example.AskAsync(client, write, 12));
        var read = await Example.AskAsync(client, [0, number, 0, 0, 0, 6, 1, 3, 0, number, 0, 1], 11);
        return read[^1];
    }
}
