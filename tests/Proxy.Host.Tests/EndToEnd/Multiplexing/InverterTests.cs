using System.Net.Sockets;

namespace Proxy.Host.Tests.EndToEnd.Multiplexing;

/// <summary>config/examples/inverter.json with an inverter that allows one connection and is off at night.</summary>
public sealed class InverterTests
{
    private const string Cluster = "ReverseProxy:Clusters:inverter";
    private const byte PathUnavailable = 0x0A;
    private static readonly TimeSpan _connectDelay = TimeSpan.FromMilliseconds(400);

    [Theory]
    [InlineData("Sockets")]
    [InlineData("Auto")]
    public async Task Run_ThreeClients_OneConnectionWithPausesBetweenRequests(string transport)
    {
        await using var device = Inverter();
        await using var example = await StartAsync(transport, device);
        var started = TimeProvider.System.GetTimestamp();
        using var one = await example.ConnectAsync("inverter");
        using var two = await example.ConnectAsync("inverter");
        using var display = await example.ConnectAsync("display");

        var answers = await Task.WhenAll(
            Example.AskAsync(one, Read(1, 10), 11),
            Example.AskAsync(two, Read(1, 20), 11),
            Example.AskAsync(display, Read(9, 30), 11)
        );

        Assert.True(TimeProvider.System.GetElapsedTime(started) >= _connectDelay);
        Assert.Equal([Value(1, 10), Value(1, 20), Value(9, 30)], answers);
        Assert.Equal((1, 1), device.Connections);
    }

    [Fact]
    public async Task Run_Display_MayReadAndNotWrite()
    {
        await using var device = Inverter();
        await using var example = await StartAsync("Auto", device);
        using var display = await example.ConnectAsync("display");
        using var charger = await example.ConnectAsync("inverter");

        Assert.Equal([0, 1, 0, 0, 0, 3, 1, 0x86, 1], await Example.AskAsync(display, Write(1, 40), 9));
        Assert.Equal(Write(2, 40), await Example.AskAsync(charger, Write(2, 40), 12));
        Assert.Equal(Value(3, 40), await Example.AskAsync(display, Read(3, 40), 11));
    }

    [Theory]
    [InlineData("Sockets")]
    [InlineData("Auto")]
    public async Task Run_InverterOffAndOn_ClientsGetErrorsAndAreServedAgain(string transport)
    {
        await using var device = Inverter();
        await using var example = await StartAsync(transport, device);
        using var client = await example.ConnectAsync("inverter");
        Assert.Equal(Value(1, 1), await Example.AskAsync(client, Read(1, 1), 11));

        device.SwitchOff();
        await UntilAsync(client, static answer => answer is [_, _, _, _, _, 3, _, 0x83, PathUnavailable]);
        device.SwitchOn();

        await UntilAsync(client, static answer => answer is [_, _, _, _, _, 5, _, 3, ..]);
        Assert.Equal(Value(2, 2), await Example.AskAsync(client, Read(2, 2), 11));
        Assert.Equal(1, device.Connections.Most);
    }

    // Repeats a request until it gets the expected answer.
    private static async Task UntilAsync(Socket client, Func<byte[], bool> fact)
    {
        var id = 100;
        await Eventually.TrueAsync(async () =>
        {
            var head = await Example.AskAsync(client, Read(id++, 7), 6);
            return fact([.. head, .. await Example.ReadAsync(client, head[5])]);
        });
    }

    private static Task<Example> StartAsync(string transport, SimulatedDevice device) =>
        Example.StartAsync(
            "examples/inverter.json",
            ["inverter", "display"],
            new()
            {
                ["Transport:Kind"] = transport,
                [$"{Cluster}:Destinations:i:Address"] = $"tcp://127.0.0.1:{device.Port}",
                [$"{Cluster}:Multiplex:ConnectDelay"] = $"{_connectDelay:c}",
                [$"{Cluster}:Multiplex:RequestDelay"] = "00:00:00.010",
                [$"{Cluster}:Multiplex:RetryDelay"] = "00:00:00.050",
                [$"{Cluster}:Multiplex:MaxRetryDelay"] = "00:00:00.200",
            }
        );

    private static SimulatedDevice Inverter() =>
        new(SimulatedDevice.Mbap)
        {
            OnMessage = static (request, socket) =>
                socket.SendAsync(request[7] == 3 ? [.. request[..5], 5, request[6], 3, 2, request[8], request[9]] : request),
        };

    private static byte[] Read(int id, int register) => [0, (byte)id, 0, 0, 0, 6, 1, 3, 0, (byte)register, 0, 1];

    private static byte[] Value(int id, int value) => [0, (byte)id, 0, 0, 0, 5, 1, 3, 2, 0, (byte)value];

    private static byte[] Write(int id, int register) => [0, (byte)id, 0, 0, 0, 6, 1, 6, 0, (byte)register, 0, 5];
}
