using System.Collections.Concurrent;
using System.Text;
using Proxy.Core.Tests.Multiplexing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Messages that end by silence, in time that the test moves: a request, and a reply, is what comes without a gap.</summary>
public sealed class IdleGapTests : SessionTestBase
{
    private const string Gap = """ "Framing": { "IdleGap": { "After": "00:00:00.070", "MaxBytes": 100 } } """;
    private static readonly TimeSpan _gap = TimeSpan.FromMilliseconds(70);
    private readonly ConcurrentQueue<string> _requests = new();

    public override Task InitializeAsync()
    {
        Device = Add(new Device());
        Device.OnConnect = AnswerChunksAsync;
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Ask_InPiecesWithoutAGap_IsOneRequestAndOneReply(string transport)
    {
        await StartAsync(transport, Gap);
        using var client = await Multiplexer.ConnectAsync();
        using var other = await Multiplexer.ConnectAsync();

        await SendAsync(client, "a", 1);
        Time.Advance(_gap / 2);
        await SendAsync(client, "b", 2);
        Time.Advance(_gap / 2);
        Assert.Equal(0, Multiplexer.Status.Queued);
        Time.Advance(_gap / 2);

        Assert.Equal("=ab", await ReplyAsync(client, 3));
        await SendAsync(other, "c", 1);
        Time.Advance(_gap);
        Assert.Equal("=c", await ReplyAsync(other, 2));
        Assert.Equal(["ab", "c"], _requests);
        Assert.Equal((1, 1, 1), Device.Connections);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task ClientFin_EndsTheRequestAtOnce(string transport)
    {
        await StartAsync(transport, Gap);
        using var client = await Multiplexer.ConnectAsync();

        await client.SendAsync("last");
        client.End();
        await Eventually.TrueAsync(() => _requests.Contains("last"));

        Assert.Equal("=last", await ReplyAsync(client, 5));
        Assert.Equal("", await client.ReadEndAsync());
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Reply_ContinuesAfterAGap_TheRestReachesNobody(string transport)
    {
        await StartAsync(transport, Gap);
        using var client = await Multiplexer.ConnectAsync();
        await SendAsync(client, "a", 1);
        Time.Advance(_gap);
        Assert.Equal("=a", await ReplyAsync(client, 2));

        await Device.Open.Single().SendAsync("rest");
        await OpenAsync(0);
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);

        await SendAsync(client, "b", 2);
        Time.Advance(_gap);
        Assert.Equal("=b", await ReplyAsync(client, 2));
        Assert.False(client.HasMore);
        Assert.Equal(2, Device.Connections.All);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Client_SendsTooMuch_IsClosedAndOthersNoticeNothing(string transport)
    {
        await StartAsync(transport, Gap);
        using var good = await Multiplexer.ConnectAsync();
        using var bad = await Multiplexer.ConnectAsync();

        await bad.SendAsync(new string('x', 101));
        Assert.Equal("reset", await bad.ReadEndAsync());

        await SendAsync(good, "a", 1);
        Time.Advance(_gap);
        Assert.Equal("=a", await ReplyAsync(good, 2));
        Assert.Equal(["a"], _requests);
    }

    // Once the proxy has it, and waits for what may follow.
    private async Task SendAsync(MultiplexPeer client, string text, int total)
    {
        await client.SendAsync(text);
        await Eventually.TrueAsync(() => Multiplexer.Tracker.Open.Any(record => record.ClientBytes == total));
        await Time.WaitForTimerAsync(_gap);
    }

    private async Task<string> ReplyAsync(MultiplexPeer client, int length)
    {
        await Time.WaitForTimerAsync(_gap);
        Time.Advance(_gap);
        return Encoding.ASCII.GetString(await client.ReadAsync(length));
    }

    private async Task<bool> AnswerChunksAsync(MultiplexPeer peer)
    {
        var buffer = new byte[100];
        while (await peer.Socket.ReceiveAsync(buffer) is var count and > 0)
        {
            var request = Encoding.ASCII.GetString(buffer, 0, count);
            _requests.Enqueue(request);
            await peer.SendAsync("=" + request);
        }

        return false;
    }
}
