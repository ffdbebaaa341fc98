using System.Text;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Core.Tests.Multiplexing.Framing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Clients of an instrument share one connection: commands without an answer are not waited for, blocks are data.</summary>
public sealed class ScpiTests : SessionTestBase
{
    private const string Block = "#214\n\n1;2,\"3\n\r\n456";

    public override Task InitializeAsync()
    {
        Assert.True(KnownProtocols.BuiltIn.TryFind("scpi", out var framer));
        Device = Add(new Device(framer));
        Device.OnMessage = static (message, peer) => peer.SendAsync(Answer(Encoding.Latin1.GetString(message)));
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Clients_MixCommandsAndQueries_NobodyWaitsForACommand(string transport)
    {
        await StartAsync(transport, "\"Protocol\": \"scpi\"");
        using var script = await Multiplexer.ConnectAsync();
        using var logger = await Multiplexer.ConnectAsync();

        for (var round = 0; round < 20; round++)
        {
            await script.SendAsync($"*CLS\r\nDISP:TEXT \"ready?;\"\nOUTP ON\nVOLT {round};*OPC?\n");
            Assert.Equal("1", await script.ReadLineAsync());
            Assert.Equal("ACME,PS1,0,1.0;+0,\"No error\"", await logger.AskAsync("*IDN?;SYST:ERR?"));
            await logger.SendAsync($"DATA:ARB x,{Block}\nCURV?\n");
            Assert.Equal($"{Block}\n", Encoding.Latin1.GetString(await logger.ReadAsync(Block.Length + 1)));
        }

        Assert.Equal(140, Device.Messages.Count);
        Assert.Equal(1, Device.Connections.All);
        Assert.False(script.HasMore);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Instrument_DoesNotAnswerAQuery_OnlyItsClientIsReset(string transport)
    {
        await StartAsync(transport, """ "Protocol": "scpi", "ResponseTimeout": "00:00:05" """);
        using var wrong = await Multiplexer.ConnectAsync();
        using var right = await Multiplexer.ConnectAsync();
        await wrong.SendAsync("*CLS\nUNKNOWN?\n");
        await SentAsync(2);

        Time.Advance(TimeSpan.FromSeconds(5) + Tick);

        Assert.Equal("reset", await wrong.ReadEndAsync());
        await OpenAsync(0);
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);
        Assert.Equal("1", await right.AskAsync("OUTP ON;*OPC?"));
    }

    private static string Answer(string message) =>
        string.Join(';', message.TrimEnd().Split(';').Select(AnswerOf).OfType<string>()) is { Length: > 0 } answers ? answers + "\n" : "";

    private static string? AnswerOf(string unit) =>
        unit switch
        {
            "*OPC?" => "1",
            "*IDN?" => "ACME,PS1,0,1.0",
            "SYST:ERR?" => "+0,\"No error\"",
            "CURV?" => Block,
            _ => null,
        };
}
