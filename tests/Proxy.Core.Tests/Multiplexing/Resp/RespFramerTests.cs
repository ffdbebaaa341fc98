using System.Text;
using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Resp;

namespace Proxy.Core.Tests.Multiplexing.Resp;

public sealed class RespFramerTests
{
    private static readonly byte[] _ask = Of("GET", "k");
    private readonly RespFramer _framer = new();

    [Theory]
    [InlineData("*1\r\n$4\r\nINCR\r\n")]
    [InlineData("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\n\r\n*1\r\n$4\r\nX\0\r\n")]
    [InlineData("*2\r\n$3\r\nSET\r\n$0\r\n\r\n")]
    [InlineData("SET k v\r\n")]
    [InlineData("  set k \"a b\"  \n")]
    [InlineData("FOO 'x y' \"\\x41\\n\\\"\" z\r\n")]
    [InlineData("SUBSCRIBE news\r\n")]
    [InlineData("\x01\n")]
    public void Measure_Command_GetsAReply(string request) => _framer.IsRequest(Bytes.Text(request));

    [Theory]
    [InlineData("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")]
    [InlineData("*2\r\n$3\r\ngEt\r\n$1\r\nk\r\n")]
    [InlineData("GET k\r\n")]
    [InlineData("\"\\x47ET\" k\r\n")]
    [InlineData("hGetAll k\n")]
    [InlineData("*4\r\n$5\r\nXREAD\r\n$7\r\nSTREAMS\r\n$5\r\nBLOCK\r\n$1\r\n0\r\n")]
    [InlineData("PING\r\n")]
    public void Measure_Read_MayBeRepeated(string request) => _framer.IsRequest(Bytes.Text(request), MessageTraits.Safe);

    [Theory]
    [InlineData("SET", "k", "v")]
    [InlineData("GETSET", "k", "v")]
    [InlineData("GETDEL", "k")]
    [InlineData("GETEX", "k")]
    [InlineData("EVAL", "return 1", "0")]
    [InlineData("SORT", "k", "STORE", "d")]
    [InlineData("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")]
    [InlineData("CLIENT", "LIST")]
    public void Measure_MayHaveEffects_IsNotRepeated(params string[] words) => _framer.IsRequest(Of(words));

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\n")]
    [InlineData("  \t\r\n")]
    [InlineData("*0\r\n")]
    [InlineData("*-1\r\n")]
    public void Measure_Empty_GetsNoReply(string request) => _framer.IsRequest(Bytes.Text(request), MessageTraits.NoReply);

    [Fact]
    public void Measure_Quit_IsTheLast() => _framer.IsRequest(Of("QUIT"), MessageTraits.EndsConnection);

    [Theory]
    [InlineData("*x\r\n")]
    [InlineData("*01\r\n")]
    [InlineData("*+1\r\n")]
    [InlineData("*-2\r\n")]
    [InlineData("*1\n")]
    [InlineData("*9999999999999\r\n")]
    [InlineData("*1\r\n:1\r\n")]
    [InlineData("*1\r\n$-1\r\n")]
    [InlineData("*1\r\n$x\r\n")]
    [InlineData("*1\r\n$3\r\nGETS\r\n")]
    [InlineData("*1\r\n$3\r\nGET\n\r")]
    [InlineData("*1\r\n$3\rxGET\r\n")]
    [InlineData("GET \"k\r\n")]
    [InlineData("GET 'k\r\n")]
    [InlineData("GET \"k\"v\r\n")]
    [InlineData("GET k\0v\r\n")]
    [InlineData("POST / HTTP/1.1\r\n")]
    [InlineData("Host: internal:6379\r\n")]
    [InlineData("*1\r\n$4\r\npost\r\n")]
    public void Measure_WhatAServerClosesFor_IsMalformed(string request) => _framer.IsMalformed(Bytes.Text(request));

    [Theory]
    [InlineData("*1\r\n$67108864\r\n")]
    [InlineData("*99999999\r\n")]
    [InlineData("*20000000\r\n$1\r\n")]
    [InlineData("*1048577\r\n")]
    public void Measure_LongerThanAllowed_IsMalformedAtOnce(string request) => _framer.IsMalformed(Bytes.Text(request));

    [Fact]
    public void Measure_LongInline_IsMalformed()
    {
        Assert.Equal(FrameMeasure.Complete(65_536), _framer.Request([.. Enumerable.Repeat((byte)'x', 65_535), (byte)'\n']));
        Assert.Equal(FrameStatus.Malformed, _framer.Request([.. Enumerable.Repeat((byte)'x', 65_536)]).Status);
    }

    [Theory]
    [InlineData("+OK\r\n")]
    [InlineData("+\r\n")]
    [InlineData("-ERR no\r\n")]
    [InlineData(":-12\r\n")]
    [InlineData(":+12\r\n")]
    [InlineData("$-1\r\n")]
    [InlineData("$0\r\n\r\n")]
    [InlineData("$5\r\n\r\n+OK\r\n")]
    [InlineData("*-1\r\n")]
    [InlineData("*0\r\n")]
    [InlineData("*3\r\n:1\r\n$-1\r\n*2\r\n+a\r\n-b\r\n")]
    [InlineData("*2\r\n*0\r\n*1\r\n*1\r\n$1\r\nx\r\n")]
    [InlineData("_\r\n")]
    [InlineData("#t\r\n")]
    [InlineData(",1.5e-3\r\n")]
    [InlineData(",-inf\r\n")]
    [InlineData(",nan\r\n")]
    [InlineData("(-3492890328409238509324850943850943825024385\r\n")]
    [InlineData("!21\r\nSYNTAX invalid syntax\r\n")]
    [InlineData("=15\r\ntxt:Some string\r\n")]
    [InlineData("%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n#f\r\n")]
    [InlineData("~2\r\n+a\r\n+b\r\n")]
    public void Measure_Reply_IsFound(string reply) => _framer.IsReply(Bytes.Text(reply), _ask);

    [Theory]
    [InlineData("OK\r\n")]
    [InlineData("+O\rK\r\n")]
    [InlineData("+OK\n")]
    [InlineData(":\r\n")]
    [InlineData(":1x\r\n")]
    [InlineData(":--1\r\n")]
    [InlineData("$-2\r\n")]
    [InlineData("$5\r\nhello!\r\n")]
    [InlineData("$05\r\nhello\r\n")]
    [InlineData("*-2\r\n")]
    [InlineData("*1\r\nx")]
    [InlineData("_x\r\n")]
    [InlineData("#x\r\n")]
    [InlineData(",\r\n")]
    [InlineData(",one\r\n")]
    [InlineData("%-1\r\n")]
    [InlineData("!-1\r\n")]
    [InlineData("~-1\r\n")]
    [InlineData("$?\r\n")]
    [InlineData(">3\r\n+message\r\n+news\r\n+hello\r\n")] // nobody has asked for it
    [InlineData("*1\r\n>0\r\n")]
    [InlineData("|1\r\n+ttl\r\n:3600\r\n+OK\r\n")] // of RESP3, which nobody can have asked for
    [InlineData("*1\r\n|0\r\n")]
    [InlineData("$67108864\r\n")]
    [InlineData("*99999999\r\n")]
    [InlineData("%11184811\r\n")]
    public void Measure_NoReply_IsMalformed(string reply) => _framer.IsMalformed(Bytes.Text(reply), _ask);

    [Fact]
    public void Measure_DeeplyNested_IsBounded()
    {
        _framer.IsReply(Bytes.Text(string.Concat(Enumerable.Repeat("*1\r\n", 127)) + ":1\r\n"), _ask);
        _framer.IsMalformed(Bytes.Text(string.Concat(Enumerable.Repeat("*1\r\n", 128)) + ":1\r\n"), _ask);
    }

    [Fact]
    public void Measure_LongLine_IsMalformed()
    {
        Assert.Equal(FrameStatus.NeedMore, _framer.Reply([(byte)'+', .. new byte[65_000]], _ask).Status);
        Assert.Equal(FrameStatus.Malformed, _framer.Reply([(byte)'+', .. new byte[65_540]], _ask).Status);
    }

    [Fact]
    public void Measure_ManyElementsInPieces_AreReadFewTimes()
    {
        var reply = Bytes.Text("*100000\r\n" + string.Concat(Enumerable.Repeat("$12\r\nabcdefghijkl\r\n", 100_000)));
        var (length, times) = (1, 0);
        while (_framer.Reply(reply[..length], _ask) is { Status: FrameStatus.NeedMore } measure)
        {
            length = measure.Length;
            times++;
        }

        Assert.Equal(reply.Length, length);
        Assert.InRange(times, 1, 100); // a piece that cannot end the reply is not read
    }

    [Theory]
    [InlineData("SUBSCRIBE", "SUBSCRIBE", "c")]
    [InlineData("PSUBSCRIBE", "pSubscribe", "c")]
    [InlineData("UNSUBSCRIBE", "UNSUBSCRIBE")]
    [InlineData("SSUBSCRIBE", "SSUBSCRIBE", "c")]
    [InlineData("BLPOP", "BLPOP", "k", "0")]
    [InlineData("BZMPOP", "BZMPOP", "0", "1", "k", "MIN")]
    [InlineData("WAIT", "WAIT", "1", "0")]
    [InlineData("XREAD BLOCK", "XREAD", "COUNT", "1", "block", "0", "STREAMS", "s", "$")]
    [InlineData("XREADGROUP BLOCK", "XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">")]
    [InlineData("XREADGROUP BLOCK", "XREADGROUP", "GROUP", "STREAMS", "c", "BLOCK", "0", "STREAMS", "s", ">")]
    [InlineData("XREADGROUP BLOCK", "XREADGROUP", "COUNT", "1", "group", "g", "STREAMS", "BLOCK", "0", "STREAMS", "s", ">")]
    [InlineData("MULTI", "MULTI")]
    [InlineData("EXEC", "EXEC")]
    [InlineData("WATCH", "WATCH", "k")]
    [InlineData("AUTH", "AUTH", "secret")]
    [InlineData("SELECT", "SELECT", "1")]
    [InlineData("CLIENT SETNAME", "CLIENT", "SETNAME", "x")]
    [InlineData("CLIENT REPLY", "client", "reply", "OFF")]
    [InlineData("CLIENT", "CLIENT")]
    [InlineData("CLIENT KILL", "CLIENT", "KILL", "TYPE", "normal")]
    [InlineData("CLIENT PAUSE", "CLIENT", "PAUSE", "100000")]
    [InlineData("CLIENT UNPAUSE", "client", "unpause")]
    [InlineData("CLIENT UNBLOCK", "CLIENT", "UNBLOCK", "3")]
    [InlineData("SCRIPT DEBUG", "SCRIPT", "DEBUG", "YES")]
    [InlineData("MONITOR", "MONITOR")]
    [InlineData("PSYNC", "PSYNC", "?", "-1")]
    [InlineData("RESET", "RESET")]
    [InlineData("SHUTDOWN", "SHUTDOWN")]
    public void Judge_WhatClientsCannotShare_IsRefusedByName(string name, params string[] words)
    {
        Assert.Equal(RequestVerdict.Deny, Judge(Of(words)));
        Assert.Equal($"-ERR '{name}' is not available through a shared connection\r\n", Local(LocalReply.NotAllowed, Of(words)));
        var inline = Bytes.Text(string.Join(' ', words.Select(static word => $"\"{word}\"")) + "\r\n");
        Assert.Equal(RequestVerdict.Deny, Judge(inline));
        Assert.Equal($"-ERR '{name}' is not available through a shared connection\r\n", Local(LocalReply.NotAllowed, inline));
    }

    [Theory]
    [InlineData("GET", "k")]
    [InlineData("SELECT", "0")]
    [InlineData("CLIENT", "ID")]
    [InlineData("CLIENT", "list")]
    [InlineData("HELLO")]
    [InlineData("HELLO", "2")]
    [InlineData("SCRIPT", "LOAD", "return 1")]
    [InlineData("PUBLISH", "c", "m")]
    [InlineData("XREAD", "STREAMS", "BLOCK", "0")]
    [InlineData("XREADGROUP", "GROUP", "BLOCK", "BLOCK", "STREAMS", "s", ">")]
    [InlineData("FT.SEARCH", "i", "*")]
    public void Judge_WhatClientsCanShare_IsAllowed(params string[] words) => Assert.Equal(RequestVerdict.Allow, Judge(Of(words)));

    [Theory]
    [InlineData("HELLO", "3")]
    [InlineData("HELLO", "2", "AUTH", "default", "secret")]
    [InlineData("hello", "x")]
    public void Judge_Hello_IsRefusedSoThatClientsGoOnInResp2(params string[] words)
    {
        Assert.Equal(RequestVerdict.Deny, Judge(Of(words)));
        Assert.StartsWith("-NOPROTO ", Local(LocalReply.NotAllowed, Of(words)), StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_Quit_IsAnsweredHere()
    {
        Assert.Equal(RequestVerdict.Ignore, Judge(Of("QUIT")));
        Assert.Equal("+OK\r\n", Local(LocalReply.Done, Of("QUIT")));
        Assert.Equal(RequestVerdict.Ignore, Judge("\r\n"u8.ToArray()));
        Assert.Equal("", Local(LocalReply.Done, Of("SET", "k", "v")));
    }

    [Fact]
    public void TryWriteLocal_NameOfAClient_HasNoBytesThatForgeAReply() =>
        Assert.Equal(
            "-ERR 'CLIENT A??B' is not available through a shared connection\r\n",
            Local(LocalReply.NotAllowed, Of("CLIENT", "a\r\nb"))
        );

    private static byte[] Of(params string[] words) =>
        Bytes.Text($"*{words.Length}\r\n{string.Concat(words.Select(static word => $"${word.Length}\r\n{word}\r\n"))}");

    private RequestVerdict Judge(byte[] request) => _framer.Rules.RulesOf(new())!.Judge(request);

    private string Local(LocalReply reply, byte[] request)
    {
        var writer = new System.Buffers.ArrayBufferWriter<byte>();
        _framer.Rules.TryWriteLocal(reply, request, writer);
        return Encoding.Latin1.GetString(writer.WrittenSpan);
    }
}
