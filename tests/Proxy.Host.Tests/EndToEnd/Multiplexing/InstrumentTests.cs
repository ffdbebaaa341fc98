using System.Net.Sockets;
using System.Text;

namespace Proxy.Host.Tests.EndToEnd.Multiplexing;

/// <summary>config/examples/instrument.json with a power supply that speaks SCPI.</summary>
public sealed class InstrumentTests
{
    private const string ResponseTimeout = "ReverseProxy:Clusters:supply:Multiplex:ResponseTimeout";
    private string _volts = "0";

    [Theory]
    [InlineData("Sockets")]
    [InlineData("Auto")]
    public async Task Run_TwoPrograms_EachGetsItsOwnAnswers(string transport)
    {
        await using var device = Supply();
        await using var example = await StartAsync(transport, device);
        using var script = await example.ConnectAsync("supply");
        using var logger = await example.ConnectAsync("supply");

        for (var round = 1; round <= 20; round++)
        {
            Assert.Equal(
                ["1\n", "ACME,PS1,0,1.0\n"],
                await Task.WhenAll(AskAsync(script, $"VOLT {round};*OPC?\n"), AskAsync(logger, "*IDN?\n"))
            );
            Assert.Equal($"{round}\n", await AskAsync(logger, "VOLT?\n"));
        }

        Assert.Equal((1, 1), device.Connections);
    }

    [Theory]
    [InlineData("Sockets")]
    [InlineData("Auto")]
    public async Task Run_CommandsWithoutAnAnswer_NobodyWaitsForThem(string transport)
    {
        await using var device = Supply();
        await using var example = await StartAsync(transport, device);
        using var script = await example.ConnectAsync("supply");
        using var logger = await example.ConnectAsync("supply");

        for (var round = 1; round <= 20; round++)
        {
            Assert.Equal("1\n", await AskAsync(script, $"*CLS\r\nOUTP ON\nVOLT {round};*OPC?\n"));
            Assert.Equal($"{round}\n", await AskAsync(logger, "*CLS\nVOLT?\n"));
        }

        Assert.Equal((1, 1), device.Connections);
    }

    [Fact]
    public async Task Run_QueryThatIsNotAnswered_OnlyItsClientIsResetAndTheNextIsServed()
    {
        await using var device = Supply();
        await using var example = await StartAsync("Auto", device);
        using var wrong = await example.ConnectAsync("supply");
        using var right = await example.ConnectAsync("supply");
        Assert.Equal("ACME,PS1,0,1.0\n", await AskAsync(right, "*IDN?\n"));

        // The limit is short only while nothing has to be answered within it. An edit of it renews the connection too.
        await example.EditAsync(ResponseTimeout, "00:00:00.300");
        Assert.Equal("", await AskAsync(wrong, "NONSENSE?\n"));
        await Eventually.TrueAsync(() => example.Upstreams == 0 && device.Connections.All == 2);
        await example.EditAsync(ResponseTimeout, "00:00:10");

        Assert.Equal("0\n", await AskAsync(right, "VOLT?\n"));
        Assert.Equal(3, device.Connections.All);
    }

    private static async Task<string> AskAsync(Socket client, string line)
    {
        var answer = new StringBuilder();
        await client.SendAsync(Encoding.ASCII.GetBytes(line));
        while (!answer.ToString().EndsWith('\n') && await Example.ReadAsync(client, 1) is { Length: 1 } next)
        {
            answer.Append((char)next[0]);
        }

        return answer.ToString();
    }

    private static Task<Example> StartAsync(string transport, SimulatedDevice device) =>
        Example.StartAsync(
            "examples/instrument.json",
            ["supply"],
            new()
            {
                ["Transport:Kind"] = transport,
                ["ReverseProxy:Clusters:supply:Destinations:s:Address"] = $"tcp://127.0.0.1:{device.Port}",
                [ResponseTimeout] = "00:00:10",
            }
        );

    private SimulatedDevice Supply() =>
        new(SimulatedDevice.Line)
        {
            OnMessage = async (line, socket) =>
            {
                if (Execute(Encoding.ASCII.GetString(line).TrimEnd()) is { } answer)
                {
                    await socket.SendAsync(Encoding.ASCII.GetBytes($"{answer}\n"));
                }
            },
        };

    private string? Execute(string line)
    {
        if (line.StartsWith("VOLT ", StringComparison.Ordinal))
        {
            _volts = line["VOLT ".Length..line.IndexOf(';', StringComparison.Ordinal)];
        }

        return line switch
        {
            "*IDN?" => "ACME,PS1,0,1.0",
            "VOLT?" => _volts,
            _ when line.EndsWith("*OPC?", StringComparison.Ordinal) => "1",
            _ => null,
        };
    }
}
