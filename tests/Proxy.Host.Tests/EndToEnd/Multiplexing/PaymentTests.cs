using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Proxy.Host.Tests.EndToEnd.Multiplexing;

/// <summary>config/examples/payment.json with a host that answers only when all have sent a request, the last request first.</summary>
public sealed class PaymentTests
{
    private const int Terminals = 16; // two connections with eight requests each

    [Theory]
    [InlineData("Sockets")]
    [InlineData("Auto")]
    public async Task Run_TerminalsWithTheSameId_AllAreInFlightAtOnceAndEachGetsItsOwnReply(string transport)
    {
        var asked = new ConcurrentStack<(byte[] Message, Socket Socket)>();
        await using var host = new SimulatedDevice(static bytes =>
            bytes.Length < 2 ? 0 : SimulatedDevice.Whole(bytes, 2 + ((bytes[0] << 8) | bytes[1]))
        )
        {
            OnMessage = async (message, socket) =>
            {
                asked.Push((message, socket));
                if (asked.Count == Terminals)
                {
                    foreach (var (request, from) in asked)
                    {
                        await from.SendAsync((byte[])[0, 6, .. request[2..6], request[6], (byte)~request[6]]);
                    }
                }
            },
        };
        await using var example = await Example.StartAsync(
            "examples/payment.json",
            ["terminals"],
            new() { ["Transport:Kind"] = transport, ["ReverseProxy:Clusters:host:Destinations:h:Address"] = $"tcp://127.0.0.1:{host.Port}" }
        );
        await Eventually.TrueAsync(() => host.Connections.All > 0); // connects before any terminal does

        var replies = await Task.WhenAll(Enumerable.Range(0, Terminals).Select(number => AskAsync(example, (byte)number)));

        for (var number = 0; number < Terminals; number++)
        {
            Assert.Equal([0, 6, 0xAA, 0xBB, 0xCC, 0xDD, (byte)number, (byte)~number], replies[number]);
        }

        Assert.Equal((2, 2), host.Connections);
    }

    private static async Task<byte[]> AskAsync(Example example, byte number)
    {
        using var terminal = await example.ConnectAsync("terminals");
        return await Example.AskAsync(terminal, [0, 5, 0xAA, 0xBB, 0xCC, 0xDD, number], 8);
    }
}
