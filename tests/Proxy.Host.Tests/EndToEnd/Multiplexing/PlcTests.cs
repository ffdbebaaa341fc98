using System.Net.Sockets;

namespace Proxy.Host.Tests.EndToEnd.Multiplexing;

/// <summary>config/examples/plc.json with a controller that has its own framing and sends unsolicited messages.</summary>
public sealed class PlcTests
{
    [Theory]
    [InlineData("Sockets")]
    [InlineData("Auto")]
    public async Task Run_ClientsWithTheSameNumber_EachGetsItsOwnFrame(string transport)
    {
        await using var controller = new SimulatedDevice(static bytes =>
            bytes.Length < 13 ? 0 : SimulatedDevice.Whole(bytes, 13 + (bytes[11] | (bytes[12] << 8)))
        )
        {
            OnMessage = static async (request, socket) =>
            {
                await socket.SendAsync(Reply(0xFFFF, 0xEE)); // a reply without a request
                await socket.SendAsync(Reply(request[2] | (request[3] << 8), request[^1]));
            },
        };
        await using var example = await Example.StartAsync(
            "examples/plc.json",
            ["plc"],
            new()
            {
                ["Transport:Kind"] = transport,
                ["ReverseProxy:Clusters:plc:Destinations:p:Address"] = $"tcp://127.0.0.1:{controller.Port}",
            }
        );
        using var whole = await example.ConnectAsync("plc");
        using var pieces = await example.ConnectAsync("plc");

        for (byte value = 1; value <= 20; value++)
        {
            var other = (byte)(value + 100);
            Assert.Equal(
                [Reply(7, value), Reply(7, other)],
                await Task.WhenAll(Example.AskAsync(whole, Request(7, value), 16), AskInPiecesAsync(pieces, Request(7, other)))
            );
        }

        Assert.Equal((1, 1), controller.Connections);
    }

    private static async Task<byte[]> AskInPiecesAsync(Socket client, byte[] request)
    {
        foreach (var octet in request[..^1])
        {
            await client.SendAsync(new[] { octet });
        }

        return await Example.AskAsync(client, request[^1..], 16);
    }

    private static byte[] Request(int number, byte value) =>
        [0x54, 0, (byte)number, (byte)(number >> 8), 0, 0, 0, 0xFF, 0xFF, 3, 0, 3, 0, 0x10, 0, value];

    private static byte[] Reply(int number, byte value) =>
        [0xD4, 0, (byte)number, (byte)(number >> 8), 0, 0, 0, 0xFF, 0xFF, 3, 0, 3, 0, 0, 0, value];
}
