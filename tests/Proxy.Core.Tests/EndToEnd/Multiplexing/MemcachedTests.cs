using System.Text;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Core.Tests.Multiplexing.Framing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Clients of memcached share one connection.</summary>
public sealed class MemcachedTests : SessionTestBase
{
    private const string Memcached = "\"Protocol\": \"memcached\"";

    public override Task InitializeAsync()
    {
        Assert.True(KnownProtocols.BuiltIn.TryFind("memcached", out var framer));
        Device = Add(new Device(framer));
        Device.OnMessage = static (message, peer) => peer.SendAsync(Answer(Text(message)));
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Client_PipelinesWhatIsRefused_RepliesKeepTheirOrder(string transport)
    {
        await StartAsync(transport, Memcached);
        using var client = await Multiplexer.ConnectAsync();
        using var other = await Multiplexer.ConnectAsync();

        await client.SendAsync("get a\r\nwatch\r\nset b 0 0 2\r\n\r\n\r\nmg c v q\r\nbogus\r\nget d\r\n");

        await SaysAsync(client, Value("a") + Refused("watch") + "STORED\r\n" + Refused("mg q") + "ERROR\r\n" + Value("d"));
        await other.SendAsync("get e\r\n");
        await SaysAsync(other, Value("e"));
        Assert.Equal(["get a\r\n", "set b 0 0 2\r\n\r\n\r\n", "get d\r\n", "get e\r\n"], Device.Messages.Select(Text));
        Assert.Equal(1, Device.Connections.All);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task NoReply_OfManyClients_NobodyWaits(string transport)
    {
        await StartAsync(transport, Memcached);
        using var client = await Multiplexer.ConnectAsync();
        using var other = await Multiplexer.ConnectAsync();

        for (var round = 0; round < 20; round++)
        {
            await client.SendAsync($"set a 0 0 1 noreply\r\nx\r\ndelete b noreply\r\nget a{round}\r\n");
            await other.SendAsync($"incr n 1 noreply\r\nget b{round}\r\n");
            await SaysAsync(client, Value($"a{round}"));
            await SaysAsync(other, Value($"b{round}"));
        }

        Assert.Equal(100, Device.Messages.Count);
        Assert.Equal(1, Device.Connections.All);
    }

    [Theory]
    [InlineData(Multiplexer.Portable, "quit\r\n", "")]
    [InlineData(Multiplexer.Loops, "quit\r\n", "")]
    [InlineData(Multiplexer.Portable, "set k 0 0 x\r\n", "CLIENT_ERROR this is not the text protocol of memcached\r\n")]
    [InlineData(Multiplexer.Loops, "set k 0 0 1\r\nxx\r\n", "CLIENT_ERROR this is not the text protocol of memcached\r\n")]
    public async Task Client_Ends_AfterItsRepliesAndOthersNoticeNothing(string transport, string last, string told)
    {
        await StartAsync(transport, Memcached);
        using var stays = await Multiplexer.ConnectAsync();
        using var leaves = await Multiplexer.ConnectAsync();

        await leaves.SendAsync("get a\r\n" + last + "get never\r\n");

        await SaysAsync(leaves, Value("a") + told);
        Assert.Equal("", await leaves.ReadEndAsync());
        await stays.SendAsync("get b\r\n");
        await SaysAsync(stays, Value("b"));
        Assert.Equal(["get a\r\n", "get b\r\n"], Device.Messages.Select(Text));
        Assert.Equal(1, Device.Connections.All);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Client_SpeaksTheBinaryProtocol_IsToldInIt(string transport)
    {
        await StartAsync(transport, Memcached);
        using var client = await Multiplexer.ConnectAsync();

        await client.SendAsync([0x80, 0x0B, .. new byte[10], 1, 2, 3, 4, .. new byte[8]]);

        var reply = await client.ReadAsync(24);
        Assert.Equal([0x81, 0x0B, 0, 0, 0, 0, 0, 0x83], reply[..8]);
        Assert.Equal([1, 2, 3, 4], reply[12..16]);
        Assert.Equal("", await client.ReadEndAsync());
    }

    // What a server says of an earlier command without reply must not be taken for the value that another client waits for.
    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Server_AnswersAnEarlierCommand_NobodyGetsAnothersValue(string transport)
    {
        Device.OnMessage = static (message, peer) =>
            peer.SendAsync(Text(message) == "get late\r\n" ? "SERVER_ERROR object too large for cache\r\n" : Answer(Text(message)));
        await StartAsync(transport, Memcached);
        using var client = await Multiplexer.ConnectAsync();

        await client.SendAsync("get late\r\n");

        await SaysAsync(client, "SERVER_ERROR the destination did not answer this command; it may have been executed\r\n");
        await OpenAsync(0);
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);
        await client.SendAsync("get b\r\n");
        await SaysAsync(client, Value("b"));
    }

    private static string Answer(string command) =>
        command.Contains("noreply", StringComparison.Ordinal) ? ""
        : command.StartsWith("get ", StringComparison.Ordinal) ? Value(command[4..^2])
        : "STORED\r\n";

    private static string Value(string key) => $"VALUE {key} 0 {key.Length + 2}\r\n{key}\r\n\r\nEND\r\n";

    private static string Refused(string name) => $"CLIENT_ERROR '{name}' is not available through a shared connection\r\n";

    private static string Text(byte[] message) => Encoding.Latin1.GetString(message);

    private static async Task SaysAsync(MultiplexPeer client, string expected) =>
        Assert.Equal(expected, Encoding.Latin1.GetString(await client.ReadAsync(expected.Length)));
}
