using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Framing.Http;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

public sealed class Http1ReplyTests
{
    private const string Get = "GET / HTTP/1.1\r\n\r\n";
    private const string Head = "HEAD / HTTP/1.1\r\n\r\n";
    private readonly Http1Framer _framer = new();

    [Theory]
    [InlineData(Get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData(Get, "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n")]
    [InlineData(Get, "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n")]
    [InlineData(Get, "HTTP/1.1 404 N\u00f6t found\r\nContent-Length: 1\r\n\r\n\n")]
    [InlineData(Get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: x\r\n\r\n")]
    [InlineData(Head, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")]
    [InlineData(Head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData(Head, "HTTP/1.1 200 OK\r\n\r\n")]
    [InlineData(Get, "HTTP/1.1 204 No Content\r\n\r\n")]
    [InlineData(Get, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n")]
    [InlineData(Get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n")]
    [InlineData(Get, "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData(Get, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")]
    [InlineData(
        Get,
        "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
    )]
    [InlineData(Get, "HTTP/1.1 100 Continue\r\nContent-Length: 7\r\n\r\nHTTP/1.1 204 x\r\n\r\n")]
    [InlineData(Get, "HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n")] // only an offer
    public void Measure_LengthKnown_Found(string request, string reply) => _framer.IsReply(Bytes.Text(reply), Bytes.Text(request));

    [Theory]
    [InlineData(Get, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")]
    [InlineData(Get, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n")]
    public void Measure_LastOfAConnection_SaysSo(string request, string reply) =>
        _framer.IsReply(Bytes.Text(reply), Bytes.Text(request), MessageTraits.EndsConnection);

    [Fact]
    public void Measure_KeepAliveIn10_GoesOn() =>
        _framer.IsReply(
            Bytes.Text("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"),
            Bytes.Text("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        );

    [Theory]
    [InlineData("")]
    [InlineData("some bytes, HTTP/1.1 200 OK\r\n\r\n among them")]
    public void Measure_NoLength_LastsUntilTheEnd(string body)
    {
        var reply = Bytes.Text("HTTP/1.1 200 OK\r\n\r\n" + body);

        Assert.Equal(FrameMeasure.NeedMore(reply.Length + 1, _framer.MaxBytes), _framer.Reply(reply, Bytes.Text(Get)));
        Assert.Equal(FrameStatus.NeedMore, _framer.Reply(reply, Bytes.Text(Get), InputState.Silent).Status);
        Assert.Equal(
            FrameMeasure.Complete(reply.Length, MessageTraits.EndsConnection),
            _framer.Reply(reply, Bytes.Text(Get), InputState.Ended)
        );
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n")]
    public void Measure_CutOff_IsNotWhole(string reply) =>
        Assert.Equal(FrameStatus.NeedMore, _framer.Reply(Bytes.Text(reply), Bytes.Text(Get), InputState.Ended).Status);

    [Fact]
    public void Measure_NoLengthAndLong_PassesInParts()
    {
        byte[] reply = [.. Bytes.Text("HTTP/1.1 200 OK\r\n\r\n"), .. new byte[_framer.MaxBytes]];

        var first = _framer.Reply(reply, Bytes.Text(Get), InputState.Ended);
        Assert.Equal((FrameStatus.Part, _framer.MaxBytes), (first.Status, first.Length));
        Assert.Equal(FrameStatus.Part, _framer.Reply(reply[.._framer.MaxBytes], Bytes.Text(Get)).Status);
        Assert.Equal(_framer.MaxBytes, _framer.Reply(reply[.._framer.MaxBytes], Bytes.Text(Get), InputState.Ended).Length);
    }

    [Theory]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n")]
    [InlineData("HTTP/1.1 099 x\r\n\r\n")]
    [InlineData("HTTP/1.1 20 x\r\n\r\n")]
    [InlineData("HTTP/1.1 2000 x\r\n\r\n")]
    [InlineData("HTTP/1.1 2x0 x\r\n\r\n")]
    [InlineData("HTTP/1.1  200 x\r\n\r\n")]
    [InlineData("HTTP/1.1 200 x\0\r\n\r\n")]
    [InlineData("HTTP/2.0 200 x\r\n\r\n")]
    [InlineData("ICY 200 OK\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\n\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")] // ended the seed's process
    [InlineData("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n")]
    public void Measure_NotTheGrammar_IsMalformed(string reply) => _framer.IsMalformed(Bytes.Text(reply), Bytes.Text(Get));

    [Fact]
    public void Measure_EndlessInterimReplies_AreMalformed()
    {
        byte[] reply = [.. Enumerable.Repeat(Bytes.Text("HTTP/1.1 100 Continue\r\n\r\n"), 2_000).SelectMany(static one => one)];

        Assert.Equal(FrameStatus.Malformed, _framer.Reply(reply, Bytes.Text(Get)).Status);
    }
}
