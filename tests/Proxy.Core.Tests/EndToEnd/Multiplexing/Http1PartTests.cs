using FsCheck;
using FsCheck.Fluent;
using Proxy.Core.Tests.Multiplexing.Framing;
using Proxy.Multiplexing.Framing;
using Proxy.Multiplexing.Framing.Http;

namespace Proxy.Core.Tests.EndToEnd.Multiplexing;

/// <summary>Messages of HTTP that pass in parts: they end where they end when they are whole, wherever they are split.</summary>
public sealed class Http1PartTests
{
    private const string Post = "POST / HTTP/1.1\r\n";
    private const string Get = "GET / HTTP/1.1\r\n\r\n";
    private readonly Http1Framer _framer = new();

    public static TheoryData<string> Requests =>
        new(
            Post + "Content-Length: 11\r\n\r\nhello\r\n\r\nyo",
            Post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            Post + "Transfer-Encoding: chunked\r\n\r\nA;x=\"y\"\r\n0123456789\r\n00000001\r\n\n\r\n000\r\nSum: 1\r\nY:\r\n\r\n",
            Post + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        );

    public static TheoryData<string> BadChunks =>
        new(
            "5\r\nhello\n0\r\n\r\n",
            "5\r\nhello!\r\n0\r\n\r\n",
            "6\r\nhello\r\n0\r\n\r\n",
            "5 \r\nhello\r\n0\r\n\r\n",
            "5\nhello\r\n0\r\n\r\n",
            "\r\nhello\r\n0\r\n\r\n",
            "0\r\nA b\r\n\r\n",
            "0\r\n\n",
            "0\r\nA: b\r\nContent-Length: 5\r\n\r\n",
            "1;\0\r\nx\r\n0\r\n\r\n",
            "100000005\r\nhello\r\n0\r\n\r\n",
            "1;" + new string('x', 300)
        );

    [Theory]
    [MemberData(nameof(Requests))]
    public void Measure_RequestSplitAnywhere_PartsAreTheMessage(string text)
    {
        var message = Bytes.Text(text);
        for (var first = 1; first <= message.Length; first++)
        {
            for (var second = first; second <= message.Length; second++)
            {
                Assert.Equal((FrameStatus.Complete, message.Length), Feed([.. message, .. "GET"u8], null, first, second));
            }
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: x\r\n\r\n")]
    public void Measure_ReplySplitAnywhere_PartsAreTheMessage(string text)
    {
        var message = Bytes.Text(text);
        for (var first = 1; first <= message.Length; first++)
        {
            for (var second = first; second <= message.Length; second++)
            {
                Assert.Equal((FrameStatus.Complete, message.Length), Feed([.. message, .. "HTTP"u8], Bytes.Text(Get), first, second));
            }
        }
    }

    [Fact]
    public void Measure_UntilTheEndInAnyPieces_EndsWithTheInput()
    {
        var message = Bytes.Text("HTTP/1.1 200 OK\r\n\r\nas long as it lasts");
        for (var first = 1; first <= message.Length; first++)
        {
            Assert.Equal((FrameStatus.NeedMore, message.Length), Feed(message, Bytes.Text(Get), first));
            Assert.Equal((FrameStatus.Complete, message.Length), Feed(message, Bytes.Text(Get), ends: true, first));
        }
    }

    [Theory]
    [MemberData(nameof(BadChunks))]
    public void Measure_BadChunksSplitAnywhere_AreMalformed(string body)
    {
        var message = Bytes.Text(Post + "Transfer-Encoding: chunked\r\n\r\n" + body);
        for (var first = 1; first <= message.Length; first++)
        {
            for (var second = first; second <= message.Length; second++)
            {
                Assert.Equal(FrameStatus.Malformed, Feed(message, null, first, second).Status);
            }
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")]
    public void Measure_CutOffInParts_IsNotWhole(string text)
    {
        var message = Bytes.Text(text);
        for (var first = 1; first <= message.Length; first++)
        {
            Assert.Equal(FrameStatus.NeedMore, Feed(message, Bytes.Text(Get), ends: true, first).Status);
        }
    }

    /// <summary>Chunks and lengths by chance, in pieces by chance: what is passed on in parts ends where it does as a whole.</summary>
    [Fact]
    public void Measure_AnyChunksInAnyPieces_EndWhereTheWholeDoes()
    {
        var cases =
            from chunks in Samples.Data(40, 1).NonEmptyListOf()
            from trailers in Gen.Choose(0, 3)
            from pieces in Gen.Choose(1, 30).NonEmptyListOf()
            select (chunks, trailers, pieces: pieces.ToArray());
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(300),
            Prop.ForAll(
                cases.ToArbitrary(),
                drawn =>
                {
                    byte[] message =
                    [
                        .. Bytes.Text(Post + "Transfer-Encoding: chunked\r\n\r\n"),
                        .. drawn.chunks.SelectMany(static chunk => (byte[])[.. Bytes.Text($"{chunk.Length:x}\r\n"), .. chunk, .. "\r\n"u8]),
                        .. Bytes.Text("0\r\n" + string.Concat(Enumerable.Repeat("T: x\r\n", drawn.trailers)) + "\r\n"),
                    ];
                    _framer.IsRequest(message);
                    var ends = new List<int>();
                    for (var at = 0; at < message.Length; at += drawn.pieces[ends.Count % drawn.pieces.Length])
                    {
                        ends.Add(Math.Min(message.Length, at + drawn.pieces[ends.Count % drawn.pieces.Length]));
                    }

                    Assert.Equal((FrameStatus.Complete, message.Length), Feed([.. message, .. "5\r\n"u8], null, [.. ends]));
                }
            )
        );
    }

    [Fact]
    public void Measure_LengthKnownToBeLong_FirstPartIsTheHeadAndWhatThereIs()
    {
        var head = Bytes.Text(Post + "Content-Length: 1000000\r\nConnection: close\r\n\r\n");

        var measure = _framer.Request([.. head, .. "abc"u8]);

        Assert.Equal((FrameStatus.Part, head.Length + 3), (measure.Status, measure.Length));
        Assert.Equal(MessageTraits.EndsConnection, measure.Traits);
        Assert.Equal(999_997, measure.Rest.Least);
    }

    [Fact]
    public void Measure_LongAndExpectsContinue_SaysSoWithItsFirstPart()
    {
        var head = Bytes.Text(Post + "Content-Length: 1000000\r\nExpect: 100-continue\r\n\r\n");

        Assert.Equal(MessageTraits.AwaitsContinue, _framer.Request(head).Traits);
        Assert.Equal(MessageTraits.None, _framer.Request([.. head, .. "x"u8]).Traits);
    }

    [Fact]
    public void Measure_ChunksOfUnknownEnd_ArePartsOnlyWhenTheyAreLong()
    {
        var head = Bytes.Text(Post + "Transfer-Encoding: chunked\r\n\r\n");
        byte[] chunk = [.. Bytes.Text("3e8\r\n"), .. new byte[1000], .. "\r\n"u8];
        byte[] all = [.. head, .. Enumerable.Repeat(chunk, 70).SelectMany(static one => one)];

        Assert.Equal(FrameStatus.NeedMore, _framer.Request(all[..30_000]).Status);
        Assert.Equal((FrameStatus.Part, _framer.MaxBytes), (_framer.Request(all).Status, _framer.Request(all).Length));
        Assert.Equal(FrameStatus.Part, _framer.Request([.. head, .. "FFFFFFFF\r\nhello"u8]).Status);
    }

    [Fact]
    public void Measure_LongTrailersInParts_AreMalformedAtTheBound()
    {
        var line = Bytes.Text("A: " + new string('x', 900) + "\r\n");
        byte[] message =
        [
            .. Bytes.Text(Post + "Transfer-Encoding: chunked\r\n\r\n0\r\n"),
            .. Enumerable.Repeat(line, 50).SelectMany(static l => l),
        ];

        Assert.Equal(
            FrameStatus.Malformed,
            Feed(message, null, [.. Enumerable.Range(1, message.Length / 1000).Select(static n => n * 1000)]).Status
        );
    }

    private (FrameStatus Status, int Passed) Feed(byte[] message, byte[]? request, params int[] ends) =>
        Feed(message, request, false, ends);

    // As a session that has no memory: what can be passed on is. Pieces end at the given places and at the end of the message.
    private (FrameStatus Status, int Passed) Feed(byte[] message, byte[]? request, bool ends, params int[] pieces)
    {
        var (passed, rest, needed) = (0, default(FrameRest), 1);
        foreach (var end in pieces.Append(message.Length))
        {
            var isLast = ends && end == message.Length;
            while (end - passed >= needed || isLast)
            {
                var measure = _framer.Measure(
                    Measuring.Context(message.AsSpan(passed, end - passed), request) with
                    {
                        InParts = true,
                        Rest = rest,
                        Input = isLast ? InputState.Ended : InputState.Open,
                    }
                );
                if (measure.Status is FrameStatus.Malformed or FrameStatus.Complete)
                {
                    return (measure.Status, passed + measure.Length);
                }

                if (measure.Status == FrameStatus.NeedMore)
                {
                    needed = measure.Length;
                    break;
                }

                Assert.InRange(measure.Length, 1, end - passed);
                Assert.False(measure.Rest.IsStart);
                (passed, rest, needed) = (passed + measure.Length, measure.Rest, 1);
            }
        }

        return (FrameStatus.NeedMore, passed);
    }
}
