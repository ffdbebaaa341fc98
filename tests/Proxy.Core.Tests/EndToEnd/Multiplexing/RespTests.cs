using System.Text;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Core.Tests.Multiplexing.Framing;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Clients of Redis share one connection: what they cannot share is refused, and everybody's replies keep their order.</summary>
public sealed class RespTests : SessionTestBase
{
    private const string Resp = "\"Protocol\": \"resp\"";

    public override Task InitializeAsync()
    {
        Assert.True(KnownProtocols.BuiltIn.TryFind("resp", out var framer));
        Device = Add(new Device(framer));
        Device.OnMessage = static (message, peer) => peer.SendAsync(Bulk(Words(message)));
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Client_PipelinesWhatIsRefused_RepliesKeepTheirOrder(string transport)
    {
        await StartAsync(transport, Resp);
        using var client = await Multiplexer.ConnectAsync();
        using var other = await Multiplexer.ConnectAsync();

        await client.SendAsync(
            Command("GET", "a") + Command("subscribe", "news") + "\r\n" + "GET b\r\n" + Command("CLIENT", "REPLY", "OFF")
        );

        await SaysAsync(client, Bulk("GET a") + Refused("SUBSCRIBE") + Bulk("GET b") + Refused("CLIENT REPLY"));
        await client.SendAsync(Command("HELLO", "3") + Command("GET", "c"));
        await SaysAsync(client, "-NOPROTO a shared connection has RESP2 and neither logins nor names\r\n" + Bulk("GET c"));
        await other.SendAsync(Command("SET", "k", "\r\n*1\r\n"));
        await SaysAsync(other, Bulk("SET k \r\n*1\r\n"));
        Assert.Equal(["GET a", "GET b", "GET c", "SET k \r\n*1\r\n"], Device.Messages.Select(Words));
        Assert.Equal(1, Device.Connections.All);
        Assert.False(client.HasMore);
    }

    [Theory]
    [InlineData(Multiplexer.Portable, 1)]
    [InlineData(Multiplexer.Loops, 1)]
    [InlineData(Multiplexer.Portable, 32)]
    [InlineData(Multiplexer.Loops, 32)]
    public async Task Clients_PipelineAtOnce_EachGetsItsOwnInOrder(string transport, int inFlight)
    {
        await StartAsync(transport, $"{Resp}, \"MaxInFlight\": {inFlight}");
        var clients = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Multiplexer.ConnectAsync()));

        await Task.WhenAll(
            clients.Select(
                async (client, number) =>
                {
                    var sent = Enumerable.Range(0, 50).Select(count => $"{number}.{count}").ToList();
                    var sending = client.SendAsync(string.Concat(sent.Select(static key => Command("GET", key) + Command("WATCH", key))));
                    await SaysAsync(client, string.Concat(sent.Select(static key => Bulk($"GET {key}") + Refused("WATCH"))));
                    await sending;
                }
            )
        );

        Assert.Equal(1, Device.Connections.All);
        Array.ForEach(clients, static client => client.Dispose());
    }

    [Theory]
    [InlineData(Multiplexer.Portable, "QUIT\r\n", "+OK\r\n")]
    [InlineData(Multiplexer.Loops, "*1\r\n$4\r\nQUIT\r\n", "+OK\r\n")]
    [InlineData(Multiplexer.Portable, "*1\r\n!4\r\n", "-ERR Protocol error\r\n")]
    [InlineData(Multiplexer.Loops, "Host: redis:6379\r\nSET k v\r\n", "-ERR Protocol error\r\n")]
    public async Task Client_Ends_AfterItsRepliesAndOthersNoticeNothing(string transport, string last, string told)
    {
        await StartAsync(transport, Resp);
        using var stays = await Multiplexer.ConnectAsync();
        using var leaves = await Multiplexer.ConnectAsync();

        await leaves.SendAsync(Command("GET", "a") + last + Command("GET", "never"));

        await SaysAsync(leaves, Bulk("GET a") + told);
        Assert.Equal("", await leaves.ReadEndAsync());
        await stays.SendAsync(Command("GET", "b"));
        await SaysAsync(stays, Bulk("GET b"));
        Assert.Equal(["GET a", "GET b"], Device.Messages.Select(Words));
        Assert.Equal(1, Device.Connections.All);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Server_ClosesBeforeItAnswers_OnlyReadsAreRepeated(string transport)
    {
        var cut = 0;
        Device.OnMessage = async (message, peer) =>
        {
            if (cut-- > 0)
            {
                peer.End();
                return;
            }

            await peer.SendAsync(Bulk(Words(message)));
        };
        await StartAsync(transport, Resp);
        using var client = await Multiplexer.ConnectAsync();
        await client.SendAsync(Command("PING"));
        await SaysAsync(client, Bulk("PING"));

        cut = 1;
        await client.SendAsync(Command("GET", "a"));
        await SaysAsync(client, Bulk("GET a"));
        cut = 1;
        await client.SendAsync(Command("INCR", "a"));
        await SaysAsync(client, "-ERR the destination did not answer; the command may have been executed\r\n");

        await client.SendAsync(Command("GET", "b"));
        await SaysAsync(client, Bulk("GET b"));
        Assert.Equal(["PING", "GET a", "GET a", "INCR a", "GET b"], Device.Messages.Select(Words));
    }

    [Theory]
    [InlineData(Multiplexer.Portable, ">3\r\n+message\r\n+c\r\n+m\r\n")]
    [InlineData(Multiplexer.Loops, "220 mail\r\n")]
    public async Task Server_SendsNoReply_ClientIsToldAndTheConnectionRenewed(string transport, string nonsense)
    {
        Device.OnMessage = (message, peer) => peer.SendAsync(Words(message) == "GET bad" ? nonsense : Bulk(Words(message)));
        await StartAsync(transport, Resp);
        using var client = await Multiplexer.ConnectAsync();

        await client.SendAsync(Command("GET", "bad"));

        await SaysAsync(client, "-ERR the destination did not answer in RESP; the command may have been executed\r\n");
        await OpenAsync(0);
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);
        await client.SendAsync(Command("GET", "good"));
        await SaysAsync(client, Bulk("GET good"));
        Assert.Equal(2, Device.Connections.All);
    }

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Failures_AreErrorsOfTheProtocol(string transport)
    {
        await StartAsync(transport, Resp + """, "ResponseTimeout": "00:00:20" """, """ "QueueLimit": 1, "QueueTimeout": "00:00:05" """);
        using var gate = Gate();
        using var first = await Multiplexer.ConnectAsync();
        using var second = await Multiplexer.ConnectAsync();
        using var third = await Multiplexer.ConnectAsync();
        await first.SendAsync(Command("GET", "1"));
        await SentAsync(1);
        await second.SendAsync(Command("GET", "2"));
        await QueuedAsync(1);
        await third.SendAsync(Command("GET", "3"));
        await SaysAsync(third, "-ERR too many commands wait for the destination\r\n");

        Time.Advance(TimeSpan.FromSeconds(5) + Tick);
        await SaysAsync(second, "-ERR too many commands wait for the destination\r\n");
        Time.Advance(TimeSpan.FromSeconds(15));
        await SaysAsync(first, "-ERR the destination did not answer; the command may have been executed\r\n");

        gate.Release();
        await OpenAsync(0);
        await Device.DisposeAsync();
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);
        await third.SendAsync(Command("GET", "4"));
        await SaysAsync(third, "-ERR the destination cannot be reached\r\n");
    }

    private static string Command(params string[] words) =>
        $"*{words.Length}\r\n{string.Concat(words.Select(static word => $"${word.Length}\r\n{word}\r\n"))}";

    private static string Bulk(string text) => $"${text.Length}\r\n{text}\r\n";

    private static string Refused(string name) => $"-ERR '{name}' is not available through a shared connection\r\n";

    private static string Words(byte[] message)
    {
        var text = Encoding.Latin1.GetString(message);
        if (text[0] != '*')
        {
            return text.Trim();
        }

        var words = new List<string>();
        for (var place = text.IndexOf('$', StringComparison.Ordinal); place < text.Length; )
        {
            var end = text.IndexOf("\r\n", place, StringComparison.Ordinal);
            var length = int.Parse(text[(place + 1)..end], null);
            words.Add(text.Substring(end + 2, length));
            place = end + 2 + length + 2;
        }

        return string.Join(' ', words);
    }

    private static async Task SaysAsync(MultiplexPeer client, string expected) =>
        Assert.Equal(expected, Encoding.Latin1.GetString(await client.ReadAsync(expected.Length)));
}
