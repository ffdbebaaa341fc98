using System.Text;
using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Memcached;

namespace Proxy.Core.Tests.Multiplexing.Memcached;

public sealed class MemcachedFramerTests
{
    private readonly MemcachedFramer _framer = new();

    [Theory]
    [InlineData("set k 0 0 5\r\nhello\r\n")]
    [InlineData("set k 4294967295 -1 12\n\r\nget k\r\nEND\r\n")]
    [InlineData("add k 0 0 0\r\n\r\n")]
    [InlineData("append  k 0 0 1\r\nx\r\n")]
    [InlineData("cas k 0 0 1 18446744073709551615\r\nx\r\n")]
    [InlineData("set k 0 0 1 more\r\nx\r\n")]
    [InlineData("delete k\r\n")]
    [InlineData("delete noreply\r\n")]
    [InlineData("incr k 5\r\n")]
    [InlineData("incr k 1 2 noreply\r\n")]
    [InlineData("touch k 0\r\n")]
    [InlineData("gat 0 k\r\n")]
    [InlineData("flush_all\r\n")]
    [InlineData("stats reset\r\n")]
    [InlineData("stats detail on\r\n")]
    [InlineData("verbosity 1\r\n")]
    [InlineData("mg k v N30\r\n")]
    [InlineData("mg k v t T30\r\n")]
    [InlineData("ms k 2 T0 b\r\nhi\r\n")]
    [InlineData("md k\r\n")]
    [InlineData("ma k v\r\n")]
    [InlineData("bogus\r\n")]
    [InlineData("\r\n")]
    [InlineData("watch\r\n")]
    public void Measure_Command_GetsAReply(string request) => _framer.IsRequest(Bytes.Text(request));

    [Theory]
    [InlineData("get k\r\n")]
    [InlineData("get a b c\n")]
    [InlineData("gets k\r\n")]
    [InlineData("mg k v f t\r\n")]
    [InlineData("mn\r\n")]
    [InlineData("me k\r\n")]
    [InlineData("stats\r\n")]
    [InlineData("stats items\r\n")]
    [InlineData("version\r\n")]
    public void Measure_Read_MayBeRepeated(string request) => _framer.IsRequest(Bytes.Text(request), MessageTraits.Safe);

    [Theory]
    [InlineData("set k 0 0 5 noreply\r\nhello\r\n")]
    [InlineData("cas k 0 0 1 7 noreply\r\nx\r\n")]
    [InlineData("delete k noreply\r\n")]
    [InlineData("delete k 0 noreply\r\n")]
    [InlineData("incr k 1 noreply\r\n")]
    [InlineData("touch k 1 noreply\r\n")]
    [InlineData("flush_all noreply\r\n")]
    [InlineData("flush_all 10 noreply\r\n")]
    [InlineData("verbosity 1 noreply\r\n")]
    public void Measure_NoReply_GetsNone(string request) => _framer.IsRequest(Bytes.Text(request), MessageTraits.NoReply);

    [Fact]
    public void Measure_Quit_IsTheLast() => _framer.IsRequest(Bytes.Text("quit\r\n"), MessageTraits.EndsConnection | MessageTraits.NoReply);

    // A server would take the block for commands, or close the connection.
    [Theory]
    [InlineData("set k 0 0\r\n")]
    [InlineData("set k 0 0 x\r\n")]
    [InlineData("set k 0 0 -1\r\n")]
    [InlineData("set k -1 0 5\r\n")]
    [InlineData("set k 4294967296 0 5\r\n")]
    [InlineData("set k 0 2147483648 5\r\n")]
    [InlineData("set k 0 x 5\r\n")]
    [InlineData("set k 0 0 5 noreply more\r\n")]
    [InlineData("cas k 0 0 5\r\n")]
    [InlineData("cas k 0 0 5 18446744073709551616\r\n")]
    [InlineData("set k 0 0 5\r\nhello!\r\n")]
    [InlineData("set k 0 0 5\r\nhello\n\n")]
    [InlineData("ms k\r\n")]
    [InlineData("ms k S5\r\n")]
    [InlineData("ms k 5 a b c d e f g h i j k l m n o p r\r\n")]
    [InlineData("set k 0 0 67108864\r\n")]
    [InlineData("set k 0 0 9999999999\r\n")]
    public void Measure_StoreThatAServerWouldMisread_IsMalformed(string request) => _framer.IsMalformed(Bytes.Text(request));

    [Fact]
    public void Measure_LongKey_IsMalformedWhereABlockFollows()
    {
        var key = new string('k', 251);
        _framer.IsMalformed(Bytes.Text($"set {key} 0 0 5\r\n"));
        _framer.IsMalformed(Bytes.Text($"ms {key} 5\r\n"));
        _framer.IsRequest(Bytes.Text($"get {key}\r\n"), MessageTraits.Safe);
    }

    [Fact]
    public void Measure_LongLine_IsForGetOnly()
    {
        var keys = string.Concat(Enumerable.Range(0, 1_000).Select(static number => $" key{number}"));

        Assert.Equal(FrameMeasure.Complete(keys.Length + 5, MessageTraits.Safe), _framer.Request(Bytes.Text($"get{keys}\r\n")));
        Assert.Equal(FrameStatus.NeedMore, _framer.Request(Bytes.Text($"gets{keys}")).Status);
        Assert.Equal(FrameStatus.Malformed, _framer.Request(Bytes.Text($"gat 0{keys}\r\n")).Status);
        Assert.Equal(FrameStatus.Malformed, _framer.Request(Bytes.Text($"gat 0{keys}")).Status);
        Assert.Equal(FrameStatus.Malformed, _framer.Request(Bytes.Text($"get {new string('k', 65_536)}")).Status);
    }

    [Fact]
    public void Measure_BinaryProtocol_IsRefusedInIt()
    {
        byte[] version = [0x80, 0x0B, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal(FrameMeasure.NeedMore(24, _framer.MaxBytes), _framer.Request([0x80]));
        Assert.Contains("binary", _framer.Request(version).Reason, StringComparison.Ordinal);
        var writer = new System.Buffers.ArrayBufferWriter<byte>();

        Assert.True(_framer.Rules.TryWriteLocal(LocalReply.Malformed, version, writer));

        var reply = writer.WrittenSpan.ToArray();
        Assert.Equal([0x81, 0x0B, 0, 0, 0, 0, 0, 0x83, 0, 0, 0, (byte)(reply.Length - 24), 1, 2, 3, 4], reply[..16]);
        Assert.Equal("Not supported: this is a shared connection of the text protocol", Encoding.ASCII.GetString(reply[24..]));
    }

    [Theory]
    [InlineData("get k", "END\r\n")]
    [InlineData("get k", "VALUE k 0 5\r\nhello\r\nEND\r\n")]
    [InlineData("get k", "VALUE k 0 14\r\n\r\nEND\r\nEND\r\n\r\n\r\nEND\r\n")]
    [InlineData("gets a b", "VALUE a 1 1 7\r\nx\r\nVALUE b 2 0 8\r\n\r\nEND\r\n")]
    [InlineData("get a b c", "VALUE a 0 1\r\nx\r\nVALUE c 0 1\r\nx\r\nVALUE b 0 1\r\nx\r\nEND\r\n")] // as servers of several shards do
    [InlineData("get a a", "VALUE a 0 1\r\nx\r\nVALUE a 0 1\r\nx\r\nEND\r\n")]
    [InlineData("gat 0 b a", "VALUE b 0 1\r\nx\r\nEND\r\n")]
    [InlineData("get k", "SERVER_ERROR out of memory writing get response\r\n")]
    [InlineData("get k", "ERROR\r\n")]
    [InlineData("set k 0 0 1\r\nx", "STORED\r\n")]
    [InlineData("set k 0 0 1\r\nx", "SERVER_ERROR object too large for cache\r\n")]
    [InlineData("cas k 0 0 1 1\r\nx", "EXISTS\r\n")]
    [InlineData("add k 0 0 1\r\nx", "NOT_STORED\r\n")]
    [InlineData("incr k 1", "123\r\n")]
    [InlineData("decr k 1", "NOT_FOUND\r\n")]
    [InlineData("incr k 1", "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n")]
    [InlineData("delete k", "DELETED\r\n")]
    [InlineData("touch k 1", "TOUCHED\r\n")]
    [InlineData("flush_all", "OK\r\n")]
    [InlineData("version", "VERSION 1.6.18\r\n")]
    [InlineData("stats", "STAT pid 1\r\nSTAT uptime 2\r\nEND\r\n")]
    [InlineData("stats reset", "RESET\r\n")]
    [InlineData("stats cachedump 1 1", "ITEM k [1 b; 0 s]\r\nEND\r\n")]
    [InlineData("stats detail on", "OK\r\n")]
    [InlineData("mg k", "HD\r\n")]
    [InlineData("mg k v", "EN\r\n")]
    [InlineData("mg k v f", "VA 5 f0\r\nhe\r\no\r\n")]
    [InlineData("ms k 1\r\nx", "HD O1\r\n")]
    [InlineData("ma k v", "VA 2\r\n10\r\n")]
    [InlineData("md k", "NF\r\n")]
    [InlineData("mn", "MN\r\n")]
    [InlineData("me k", "ME k exp=-1 la=0 cas=11 fetch=no cls=1 size=62\r\n")]
    [InlineData("slabs automove 1", "BUSY currently processing reassign request\r\n")]
    public void Measure_Reply_IsFound(string request, string reply) => _framer.IsReply(Bytes.Text(reply), Bytes.Text(request + "\r\n"));

    [Theory]
    [InlineData("get k", "VALUE other 0 1\r\n")] // the answer to another request
    [InlineData("get a b", "VALUE b 0 1\r\nx\r\nVALUE c 0 1\r\n")]
    [InlineData("get k", "VALUE k 0 x\r\n")]
    [InlineData("get k", "VALUE k 0 1\r\nxx\r\n")]
    [InlineData("get k", "STORED\r\n")]
    [InlineData("get k", "SERVER_ERROR object too large for cache\r\n")]
    [InlineData("gat 5 k", "VALUE 5 0 1\r\n")]
    [InlineData("set k 0 0 1\r\nx", "END\r\n")]
    [InlineData("set k 0 0 1\r\nx", "STORED\n")]
    [InlineData("incr k 1", "12a\r\n")]
    [InlineData("delete k", "STORED\r\n")]
    [InlineData("stats", "\r\n")]
    [InlineData("mg k v", "VA x\r\n")]
    [InlineData("mg k v", "NS\r\n")]
    [InlineData("mn", "HD\r\n")]
    [InlineData("get k", "VALUE k 0 67108864\r\n")]
    public void Measure_NotAReplyToTheRequest_IsMalformed(string request, string reply) =>
        _framer.IsMalformed(Bytes.Text(reply), Bytes.Text(request + "\r\n"));

    [Fact]
    public void Measure_ManyValues_AreReadOnce()
    {
        var reply = Bytes.Text(string.Concat(Enumerable.Repeat("VALUE k 0 2\r\nhi\r\n", 10_000)) + "VALUE k 0 9\r\n12");

        Assert.Equal(
            FrameMeasure.NeedMore(reply.Length + 14, _framer.MaxBytes, reply.Length - 15),
            _framer.Reply(reply, Bytes.Text("get k\r\n"))
        );
    }

    [Theory]
    [InlineData("watch fetchers\r\n", "CLIENT_ERROR 'watch' is not available through a shared connection\r\n")]
    [InlineData("shutdown\r\n", "CLIENT_ERROR 'shutdown' is not available through a shared connection\r\n")]
    [InlineData("lru_crawler metadump all\r\n", "CLIENT_ERROR 'lru_crawler dump' is not available through a shared connection\r\n")]
    [InlineData("mg k v q\r\n", "CLIENT_ERROR 'mg q' is not available through a shared connection\r\n")]
    [InlineData("ms k 1 q\r\nx\r\n", "CLIENT_ERROR 'ms q' is not available through a shared connection\r\n")]
    [InlineData("md k q O1\r\n", "CLIENT_ERROR 'md q' is not available through a shared connection\r\n")]
    [InlineData("GET k\r\n", "ERROR\r\n")]
    [InlineData("x\u001b[0m\r\n", "ERROR\r\n")]
    [InlineData("\r\n", "ERROR\r\n")]
    public void Judge_WhatClientsCannotShare_IsRefusedByName(string request, string expected)
    {
        Assert.Equal(RequestVerdict.Deny, Judge(request));
        Assert.Equal(expected, Local(LocalReply.NotAllowed, request));
    }

    [Theory]
    [InlineData("get q\r\n", RequestVerdict.Allow)]
    [InlineData("mg q v\r\n", RequestVerdict.Allow)]
    [InlineData("lru_crawler crawl all\r\n", RequestVerdict.Allow)]
    [InlineData("quit\r\n", RequestVerdict.Ignore)]
    public void Judge_WhatClientsCanShare_IsAllowed(string request, RequestVerdict expected) => Assert.Equal(expected, Judge(request));

    private RequestVerdict Judge(string request) => _framer.Rules.RulesOf(new())!.Judge(Bytes.Text(request));

    private string Local(LocalReply reply, string request)
    {
        var writer = new System.Buffers.ArrayBufferWriter<byte>();
        _framer.Rules.TryWriteLocal(reply, Bytes.Text(request), writer);
        return Encoding.Latin1.GetString(writer.WrittenSpan);
    }
}
