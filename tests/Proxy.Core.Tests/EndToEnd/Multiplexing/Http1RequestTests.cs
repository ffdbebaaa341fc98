using System.Buffers;
using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Framing.Http;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

public sealed class Http1RequestTests
{
    private const string Host = "Host: a\r\n";
    private readonly Http1Framer _framer = new();

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n" + Host + "\r\n", MessageTraits.Safe)]
    [InlineData("HEAD / HTTP/1.1\r\n\r\n", MessageTraits.Safe)]
    [InlineData("OPTIONS * HTTP/1.1\r\n\r\n", MessageTraits.Safe)]
    [InlineData("DELETE /x HTTP/1.1\r\n\r\n", MessageTraits.None)]
    [InlineData("get / HTTP/1.1\r\n\r\n", MessageTraits.None)] // methods have case
    [InlineData("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", MessageTraits.Safe | MessageTraits.EndsConnection)]
    [InlineData("GET / HTTP/1.1\r\nconnection: TE , CLOSE\r\n\r\n", MessageTraits.Safe | MessageTraits.EndsConnection)]
    [InlineData(
        "GET / HTTP/1.1\r\nConnection: keep-alive\r\nConnection: x, close\r\n\r\n",
        MessageTraits.Safe | MessageTraits.EndsConnection
    )]
    [InlineData("GET / HTTP/1.1\r\nConnection: closed\r\n\r\n", MessageTraits.Safe)]
    [InlineData("GET / HTTP/1.0\r\n\r\n", MessageTraits.Safe | MessageTraits.EndsConnection)]
    [InlineData("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", MessageTraits.Safe)]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", MessageTraits.None)]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", MessageTraits.None)]
    [InlineData("POST / HTTP/1.1\r\ncontent-length:\t 005 \r\n\r\n\r\n\r\nx", MessageTraits.None)]
    [InlineData("GET / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab", MessageTraits.Safe)]
    [InlineData("POST / HTTP/1.1\r\nX:\r\nY: \u00e9\tz\r\nContent-Length: 1\r\n\r\n\0", MessageTraits.None)]
    public void Measure_LengthKnown_Found(string message, MessageTraits traits) => _framer.IsRequest(Bytes.Text(message), traits);

    [Theory]
    [InlineData("0\r\n\r\n")]
    [InlineData("5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("00000005\r\nhello\r\n000\r\n\r\n")]
    [InlineData("A\r\n0123456789\r\na\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n")]
    [InlineData("1;name=value\r\nx\r\n0;last\r\n\r\n")]
    [InlineData("1\r\nx\r\n0\r\nX-Sum: 12\r\nY:\r\n\r\n")]
    public void Measure_Chunked_FoundWithTrailers(string body)
    {
        _framer.IsRequest(Bytes.Text("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + body));
        _framer.IsRequest(Bytes.Text("POST / HTTP/1.1\r\ntransfer-encoding:CHUNKED\r\n\r\n" + body));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\n\n")]
    [InlineData("GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nA: b\r\n\n")]
    [InlineData("\r\nGET / HTTP/1.1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nA : b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nContent-Length : 5\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n A: b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n: b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nno colon\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nA: b\0\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nA\u00e9: b\r\n\r\n")]
    [InlineData("GET  / HTTP/1.1\r\n\r\n")]
    [InlineData("GET / b HTTP/1.1\r\n\r\n")]
    [InlineData("GET /\tHTTP/1.1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1 \r\n\r\n")]
    [InlineData("GET /\r\n\r\n")]
    [InlineData("GET HTTP/1.1\r\n\r\n")]
    [InlineData("G(T / HTTP/1.1\r\n\r\n")]
    [InlineData("GET / HTTP/1.2\r\n\r\n")]
    [InlineData("GET / HTTP/2.0\r\n\r\n")]
    [InlineData("GET / http/1.1\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n")]
    public void Measure_NotTheGrammar_IsMalformed(string message) => _framer.IsMalformed(Bytes.Text(message));

    [Theory]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 5")]
    [InlineData("Content-Length: 5\r\nContent-Length: 6")]
    [InlineData("Content-Length: 5\r\nContent-Length: 5")]
    [InlineData("Content-Length: 5, 5")]
    [InlineData("Content-Length: -1")]
    [InlineData("Content-Length: +5")]
    [InlineData("Content-Length: 0x5")]
    [InlineData("Content-Length: 5 5")]
    [InlineData("Content-Length:")]
    [InlineData("Content-Length: five")]
    [InlineData("Content-Length: 576460752303423487")] // no length of anything
    [InlineData("Content-Length: 99999999999999999999999999999999")]
    [InlineData("Content-Length: 18446744073709551617")] // 2^64 + 1
    [InlineData("Transfer-Encoding: identity")]
    [InlineData("Transfer-Encoding: gzip, chunked")]
    [InlineData("Transfer-Encoding: chunked, identity")]
    [InlineData("Transfer-Encoding: xchunked")]
    [InlineData("Transfer-Encoding: chunked;a=b")]
    [InlineData("Transfer-Encoding: \"chunked\"")]
    [InlineData("Transfer-Encoding:")]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity")]
    [InlineData("Transfer-Encoding:\u000bchunked")]
    public void Measure_LengthsInDoubt_AreMalformed(string fields) =>
        _framer.IsMalformed(Bytes.Text($"POST / HTTP/1.1\r\n{fields}\r\n\r\n"));

    [Theory]
    [InlineData("5 \r\nhello\r\n0\r\n\r\n")]
    [InlineData(" 5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("-1\r\nhello\r\n0\r\n\r\n")]
    [InlineData("+5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("0x5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("\r\nhello\r\n0\r\n\r\n")]
    [InlineData(";x\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5\nhello\r\n0\r\n\r\n")]
    [InlineData("5\r\nhello\n0\r\n\r\n")]
    [InlineData("5\r\nhello!\r\n0\r\n\r\n")]
    [InlineData("6\r\nhello\r\n0\r\n\r\n")]
    [InlineData("100000005\r\nhello\r\n0\r\n\r\n")]
    [InlineData("0\r\nA b\r\n\r\n")]
    [InlineData("0\r\n\n")]
    [InlineData("0\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("0\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("1;\0\r\nx\r\n0\r\n\r\n")]
    public void Measure_BadChunks_AreMalformed(string body) =>
        _framer.IsMalformed(Bytes.Text("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + body));

    [Fact]
    public void Measure_ChunkedIn10_IsMalformed() =>
        _framer.IsMalformed(Bytes.Text("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));

    [Theory]
    [InlineData("CONNECT a:443 HTTP/1.1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n\r\n")]
    public void Measure_AnotherProtocolAfterwards_IsRefused(string message) => _framer.IsMalformed(Bytes.Text(message));

    [Theory]
    [InlineData("Content-Length: 5", "hello")]
    [InlineData("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n")]
    public void Measure_ExpectContinue_SaysThatTheClientWaits(string field, string body)
    {
        var head = Bytes.Text($"POST / HTTP/1.1\r\nExpect: 100-Continue\r\n{field}\r\n\r\n");
        byte[] whole = [.. head, .. Bytes.Text(body)];

        Assert.Equal(MessageTraits.None, _framer.Request(head[..^1]).Traits);
        Assert.Equal(MessageTraits.AwaitsContinue, _framer.Request(head).Traits);
        Assert.Equal(MessageTraits.None, _framer.Request(whole[..^1]).Traits);
        Assert.Equal(FrameMeasure.Complete(whole.Length), _framer.Request(whole));
    }

    [Fact]
    public void Measure_ExpectContinueWithoutBody_DoesNotWait() =>
        _framer.IsRequest(Bytes.Text("GET / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n"), MessageTraits.Safe);

    [Fact]
    public void Measure_LongHeader_IsMalformedAtTheBound()
    {
        var head = Bytes.Text("GET / HTTP/1.1\r\nA: " + new string('x', 40_000) + "\r\n\r\n");

        Assert.Equal(FrameStatus.NeedMore, _framer.Request(head[..32_767]).Status);
        Assert.Equal(FrameStatus.Malformed, _framer.Request(head[..32_768]).Status);
        Assert.Equal(FrameStatus.Malformed, _framer.Request(head).Status);
    }

    [Fact]
    public void Measure_LongChunkExtension_IsMalformedAtTheBound() =>
        _framer.IsMalformed(Bytes.Text("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + new string('x', 300)));

    [Fact]
    public void Measure_LongTrailers_AreMalformedAtTheBound()
    {
        var message = Bytes.Text("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: " + new string('x', 40_000));

        Assert.Equal(FrameStatus.Malformed, _framer.Request(message).Status);
    }

    [Fact]
    public void Measure_LongestWholeBody_Passes()
    {
        var head = Bytes.Text("PUT / HTTP/1.1\r\nContent-Length: 65495\r\n\r\n");
        byte[] message = [.. head, .. new byte[65_495]];

        Assert.Equal(64 * 1024, message.Length);
        Assert.Equal(FrameMeasure.NeedMore(message.Length, message.Length), _framer.Request(head));
        Assert.Equal(FrameMeasure.Complete(message.Length), _framer.Request(message));
    }

    [Fact]
    public void Measure_ManyChunks_EachIsExaminedOnce()
    {
        var head = Bytes.Text("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
        byte[] body = [.. Enumerable.Repeat(Bytes.Text("1\r\nx\r\n"), 1_000).SelectMany(static chunk => chunk)];

        var measure = _framer.Request([.. head, .. body, (byte)'1']);

        Assert.Equal((FrameStatus.NeedMore, head.Length + body.Length), (measure.Status, measure.Examined));
        Assert.Equal(head.Length + body.Length + 5, measure.Length);
    }

    [Theory]
    [InlineData(LocalReply.Continue, 100)]
    [InlineData(LocalReply.Malformed, 400)]
    [InlineData(LocalReply.NotAllowed, 403)]
    [InlineData(LocalReply.NoPath, 502)]
    [InlineData(LocalReply.BadAnswer, 502)]
    [InlineData(LocalReply.QueueFull, 503)]
    [InlineData(LocalReply.NoAnswer, 504)]
    public void TryWriteLocal_WhatAGatewaySays_IsAReply(LocalReply reply, int status)
    {
        var writer = new ArrayBufferWriter<byte>();
        var request = Bytes.Text("POST / HTTP/1.1\r\n\r\n");

        Assert.True(_framer.Rules.TryWriteLocal(reply, request, writer));

        var written = writer.WrittenSpan.ToArray();
        Assert.StartsWith($"HTTP/1.1 {status} ", System.Text.Encoding.ASCII.GetString(written), StringComparison.Ordinal);
        var traits = reply == LocalReply.Malformed ? MessageTraits.EndsConnection : MessageTraits.None;
        _framer.IsReply(status == 100 ? [.. written, .. Bytes.Text("HTTP/1.1 204 \r\n\r\n")] : written, request, traits);
    }
}
