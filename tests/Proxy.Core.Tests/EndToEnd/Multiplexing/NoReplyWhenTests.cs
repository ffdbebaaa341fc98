using Proxy.Core.Tests.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>A declared framing whose configuration says which requests get no reply.</summary>
public sealed class NoReplyWhenTests : SessionTestBase
{
    private const string Lines = """ "Framing": { "Delimiter": { "Bytes": "\n" } }, "NoReplyWhen": """;

    [Theory]
    [InlineData(Multiplexer.Portable, """{ "NotContains": "?" }""")]
    [InlineData(Multiplexer.Loops, """{ "NotContains": "?" }""")]
    [InlineData(Multiplexer.Portable, """[{ "StartsWith": "*" }, { "Contains": " ON" }, { "Offset": 4, "Equals": " 5" }]""")]
    [InlineData(Multiplexer.Loops, """[{ "StartsWith": "*" }, { "Contains": " ON" }, { "Offset": 4, "Equals": " 5" }]""")]
    public async Task Commands_AreNotWaitedFor_AndEditsElsewhereRenewNothing(string transport, string rule)
    {
        Device.OnMessage = static (message, peer) =>
            message.Contains((byte)'?') ? peer.SendAsync("="u8.ToArray().Concat(message).ToArray()) : Task.CompletedTask;
        await StartAsync(transport, Lines + rule);
        using var one = await Multiplexer.ConnectAsync();
        using var two = await Multiplexer.ConnectAsync();

        await one.SendAsync("*CLS\nOUTP ON\nVOLT 5\n");
        Assert.Equal("=VOLT?", await one.AskAsync("VOLT?"));
        await EditAsync(Lines + rule, """ "QueueLimit": 9 """);
        Assert.Equal("=CURR?", await two.AskAsync("OUTP ON\nCURR?"));

        Assert.Equal(["*CLS", "OUTP ON", "VOLT 5", "VOLT?", "OUTP ON", "CURR?"], Device.Lines);
        Assert.Equal(1, Device.Connections.All);
    }
}
